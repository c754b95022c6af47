from __future__ import annotations

import pickle

import pytest

from zyre.errors import InvalidFrame, UsageError
from zyre.sockets import InvalidMessage, Message, UnexpectedMessage


@pytest.mark.parametrize(
    ("given", "frames"),
    [
        ("hello world", (b"hello world",)),
        (b"", (b"",)),
        (["GET", b"key"], (b"GET", b"key")),
        (("ä", bytearray(b"x"), memoryview(b"y")), ("ä".encode(), b"x", b"y")),
        ((frame for frame in ("a", "b")), (b"a", b"b")),
        (Message("a"), (b"a",)),
    ],
)
def test_frames_of_all_sorts_become_bytes(given: object, frames: tuple[bytes, ...]) -> None:
    message = Message(given)  # type: ignore[arg-type]
    assert message == frames
    assert message.frames == frames
    assert type(message.frames) is tuple
    assert all(type(frame) is bytes for frame in message)


def test_match_takes_it_apart() -> None:
    match Message("hello world"):
        case Message(frames):
            assert frames == (b"hello world",)
    match Message(["PUT", "key", "value"]):
        case Message((b"GET", key)):
            raise AssertionError(key)
        case Message((b"PUT", key, value)):
            assert (key, value) == (b"key", b"value")


def test_it_is_a_value() -> None:
    message = Message(["a", "b"])
    assert message == Message([b"a", b"b"])
    assert len({message, Message(["a", "b"])}) == 1
    assert pickle.loads(pickle.dumps(message)) == message
    assert type(pickle.loads(pickle.dumps(message))) is Message
    assert eval(repr(message)) == message
    assert eval(repr(Message(b"x"))) == Message("x")
    with pytest.raises(TypeError):
        message[0] = b"c"  # type: ignore[index]
    with pytest.raises(AttributeError):
        message.frames = ()  # type: ignore[misc]


@pytest.mark.parametrize("wrong", [3, None, ["a", 3], [["a"]], {"a": 1}.items()])
def test_what_is_not_a_frame_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidFrame) as caught:
        Message(wrong)  # type: ignore[arg-type]
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, TypeError)


def test_a_message_has_at_least_one_frame() -> None:
    with pytest.raises(InvalidMessage, match=r"Message\(b''\)"):
        Message([])


def test_text() -> None:
    assert Message("ä").string == "ä"
    assert Message(["a", "b"]).strings == ("a", "b")
    with pytest.raises(UnexpectedMessage, match="2 frames") as several:
        _ = Message(["a", "b"]).string
    assert several.value.message == (b"a", b"b")
    with pytest.raises(UnexpectedMessage, match="byte 1 of 2 is not UTF-8"):
        _ = Message(b"a\xff").string
