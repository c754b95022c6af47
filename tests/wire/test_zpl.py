from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import InvalidConfig
from zyre.wire.zpl import Setting, format_zpl, parse_zpl

NAMES = st.text("abcXYZ019$-_@.&+", min_size=1, max_size=8)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\n\0\"'"), max_size=12)


def tree(setting: Setting) -> list[tuple[object, ...]]:
    return [(child.name, child.value, *tree(child)) for child in setting]


#: Read by zconfig of CZMQ 4.2.1, and what it made of them.
READ_BY_ZCONFIG = [
    ("a = b\n", [("a", "b")]),
    ("a=b", [("a", "b")]),
    ("a = b\nc\n    d = 1\n    e\n", [("a", "b"), ("c", "", ("d", "1"), ("e", ""))]),
    ("a = b\r\nc = d\r\n", [("a", "b"), ("c", "d")]),
    ("a = b\rc = d\n", [("a", "b\rc = d")]),
    ('a = "x" # hi\n', [("a", "x")]),
    ('a = "x"#c\n', [("a", "x")]),
    ("a = b#c\n", [("a", "b")]),
    ("a = x   # c\n", [("a", "x")]),
    ("a = b'c\"d\n", [("a", "b'c\"d")]),
    ("a =\n", [("a", "")]),
    ("a = \t\n", [("a", "")]),
    ("a =\t b\n", [("a", "b")]),
    ("a\t= b\n", [("a", "b")]),
    ("a = x\ty  \n", [("a", "x\ty")]),
    ("a/b = 1\n", [("a/b", "1")]),
    ("a = é\n", [("a", "é")]),
    ("   \na = 1\n", [("a", "1")]),
    ("a    # c\n    b\n", [("a", "", ("b", ""))]),
    ("a = b = c\n", [("a", "b = c")]),
    ("a = = b\n", [("a", "= b")]),
    ('a = "it\'s"\n', [("a", "it's")]),
    ("a = 'say \"hi\"'\n", [("a", 'say "hi"')]),
    ("a = '#'\n", [("a", "#")]),
    ("$-_@.&+x = 1\n", [("$-_@.&+x", "1")]),
    ("a\n    b\n        c = 1\n    d = 2\n", [("a", "", ("b", "", ("c", "1")), ("d", "2"))]),
    ("bind = 1\nbind = 2\n", [("bind", "1"), ("bind", "2")]),
]


@pytest.mark.parametrize(("text", "meaning"), READ_BY_ZCONFIG)
def test_what_zconfig_reads_is_read_the_same(text: str, meaning: list[tuple[object, ...]]) -> None:
    assert tree(parse_zpl(text)) == meaning


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = "x" y', 1), ("a y", 1), ("a\n        b = 1", 2), ("x\na\n  b = 1", 3), ("\ta = 1", 1), ("a\tb", 1),
        ("é = 1", 1), ("= 1", 1), ("\n    a = 1", 2), ("a,b = 1", 1), ("  # c", 1), ("a: b", 1),
    ],
)  # fmt: skip
def test_what_neither_zconfig_nor_the_specification_allows_is_refused(text: str, line: int) -> None:
    with pytest.raises(InvalidConfig, match=f"line {line} "):
        parse_zpl(text)


@pytest.mark.parametrize("value", ["'x", '"', "\"it's"])
def test_a_quote_that_is_never_closed_is_text(value: str) -> None:
    assert parse_zpl(f"a = {value}").get("a") == value


def test_comments_at_the_left_margin_are_kept_at_the_top() -> None:
    root = parse_zpl("# top\na = 1\n    # lost\n#late\nb = 2 # lost\n")
    assert root.comments == [" top", "late"]
    assert format_zpl(root) == '# top\n#late\n\na = "1"\nb = "2"\n'


def test_a_nul_ends_its_line() -> None:
    assert tree(parse_zpl("a = b\0c\nd = e")) == [("a", "b"), ("d", "e")]


def test_paths_lead_through_the_first_of_each_name() -> None:
    root = parse_zpl("a\n    b = 1\na\n    b = 2\n    c = 3\n")
    assert (root.get("a/b"), root.get("/a/b"), root.get("a/c", "none"), root.get("x")) == ("1", "1", "none", "")
    assert [setting.get("b") for setting in root.named("a")] == ["1", "2"]


def test_what_is_missing_on_the_way_is_made() -> None:
    root = Setting()
    root.put("server/timeout", "1000")
    root.put("/server/timeout", "2000")
    root.add("bind", "x")
    root.add("bind", "y")
    assert format_zpl(root) == 'server\n    timeout = "2000"\nbind = "x"\nbind = "y"\n'


@pytest.mark.parametrize("path", ["", "/", "a b", "é", "a/b c"])
def test_a_path_that_no_file_can_hold_is_refused(path: str) -> None:
    with pytest.raises(InvalidConfig):
        Setting().put(path, "")


@pytest.mark.parametrize(
    ("value", "written"), [("x", '"x"'), ("", '""'), ('say "hi"', "'say \"hi\"'"), ("b'c\"d", "b'c\"d"), ("#", '"#"')]
)
def test_a_value_is_written_so_that_it_is_read_again(value: str, written: str) -> None:
    root = Setting()
    root.put("a", value)
    assert format_zpl(root) == f"a = {written}\n"
    assert parse_zpl(format_zpl(root)) == root


@pytest.mark.parametrize("value", ["two\nlines", "nul\0", "'both\"", "a'b\"#", " a'b\""])
def test_a_value_that_cannot_be_written_is_refused_when_it_is_put(value: str) -> None:
    with pytest.raises(InvalidConfig):
        Setting().put("a", value)


SETTINGS = st.recursive(
    st.builds(Setting, NAMES, VALUES),
    lambda below: st.builds(Setting, NAMES, VALUES, st.lists(below, max_size=3)),
    max_leaves=12,
)


@given(st.lists(SETTINGS, max_size=4), st.lists(st.text("abc #", max_size=6).map(str.rstrip), max_size=2))
def test_what_is_written_is_read_again(settings: list[Setting], comments: list[str]) -> None:
    root = Setting("", "", settings, comments)
    assert parse_zpl(format_zpl(root)) == root


@given(st.text(st.sampled_from("ab \n\t\r=\"'#/é\0"), max_size=60))
def test_any_text_is_a_tree_or_refused(text: str) -> None:
    """Invariant: reading returns a tree, or raises InvalidConfig."""
    try:
        root = parse_zpl(text)
    except InvalidConfig:
        return
    assert all(child.name for child in root)
