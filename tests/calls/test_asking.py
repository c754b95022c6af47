from __future__ import annotations

import gc
import warnings

from hypothesis import given
from hypothesis import strategies as st

from zyre.calls.asking import Asking
from zyre.calls.wire import Answer, Fault, Reason
from zyre.errors import NoSuchService, PeerGone, ServiceBusy, ServiceError
from zyre.identity import PeerId

PEERS = [PeerId(bytes([number]) * 16) for number in range(5)]
NAMED = [(peer, f"peer{number}") for number, peer in enumerate(PEERS)]


def test_one_question_one_answer() -> None:
    asking = Asking()
    inquiry = asking.open("add")
    assert not inquiry.finished
    inquiry.expect(NAMED[:1])
    assert not inquiry.finished
    assert asking.on_message(PEERS[1], "liar", Answer(inquiry.id), ()) is None, "it was not asked"
    assert asking.on_message(PEERS[0], "peer0", Answer(inquiry.id), (b"6",)) is inquiry
    assert inquiry.finished
    assert inquiry.replies[0].content == (b"6",)
    assert asking.on_message(PEERS[0], "peer0", Answer(inquiry.id), (b"7",)) is None, "twice"
    assert asking.close(inquiry)
    assert not asking.close(inquiry)
    assert asking.on_message(PEERS[0], "peer0", Answer(inquiry.id), (b"8",)) is None, "late"


def test_faults_become_errors() -> None:
    asking = Asking()
    inquiry = asking.open("add", "G")
    inquiry.expect(NAMED)
    for peer, reason in zip(PEERS, Reason, strict=False):
        assert asking.on_message(peer, "", Fault(inquiry.id, reason, "ValueError", "no"), ()) is inquiry
    assert asking.on_gone(PEERS[3]) == [inquiry]
    inquiry.refuse(PEERS[4], "is slow")
    assert [type(error) for error in inquiry.errors.values()] == [
        NoSuchService, ServiceBusy, ServiceError, PeerGone, ServiceBusy
    ]  # fmt: skip
    assert inquiry.finished


def test_who_goes_before_it_is_known_who_was_asked() -> None:
    asking = Asking()
    inquiry = asking.open("add", "G")
    assert asking.on_gone(PEERS[0]) == []
    assert asking.on_gone(PEERS[1], "H") == [], "another group"
    inquiry.expect(NAMED[:2])
    assert list(inquiry.errors) == [PEERS[0]]
    assert list(inquiry.waiting or ()) == [PEERS[1]]


def test_who_came_into_the_group_in_between_was_asked_too() -> None:
    asking = Asking()
    inquiry = asking.open("add", "G")
    inquiry.expect(NAMED[:1])
    assert asking.on_message(PEERS[3], "new", Answer(inquiry.id), ()) is inquiry
    assert asking.on_message(PEERS[3], "new", Answer(inquiry.id), ()) is None
    assert [reply.name for reply in inquiry.replies] == ["new"]
    assert not inquiry.finished


def test_a_question_that_nobody_holds_is_forgotten() -> None:
    asking = Asking()
    inquiry = asking.open("add")
    assert len(asking) == 1
    del inquiry
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of what tests before this one left to the collector
        gc.collect()
    assert len(asking) == 0


@given(
    st.integers(0, 5),
    st.none() | st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from(["answer", "fault", "gone", "left"]), st.integers(0, 4)), max_size=20),
)
def test_everybody_ends_in_one_place(count: int, quorum: int | None, happenings: list[tuple[str, int]]) -> None:
    """Whatever happens in whatever order: replies, errors and who is silent are everybody asked, each once."""
    asking = Asking()
    inquiry = asking.open("add", "G", quorum)
    inquiry.expect(NAMED[:count])
    was_finished = False
    for what, number in happenings:
        peer = PEERS[number]
        if what == "answer" and number < count:
            asking.on_message(peer, "", Answer(inquiry.id), ())
        elif what == "fault" and number < count:
            asking.on_message(peer, "", Fault(inquiry.id, Reason.BUSY), ())
        elif what != "answer" and what != "fault":
            asking.on_gone(peer, "G" if what == "left" else None)
        places = [reply.peer for reply in inquiry.replies] + list(inquiry.errors) + list(inquiry.waiting or ())
        assert sorted(places) == sorted(PEERS[:count])
        assert inquiry.finished or not was_finished, "what has ended does not begin again"
        was_finished = inquiry.finished
    assert asking.stop() == [inquiry]
    assert inquiry.finished
