"""Who was asked what, and who has answered.

An Inquiry is one question to one peer or to a group; Asking knows those that somebody waits for, and forgets one that
nobody holds any more. Whatever befalls a peer that was asked, it ends in exactly one place: its reply, its error, or,
when the asker gives up, among the silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakValueDictionary

from zyre.calls.values import Reply
from zyre.calls.wire import Answer, Fault, Reason
from zyre.errors import CallError, NoSuchService, PeerGone, ServiceBusy, ServiceError
from zyre.identity import PeerId

__all__ = ["Asking", "Inquiry"]


class Inquiry:
    """One question. ``quorum`` is how many replies are wanted; None: of everybody."""

    __slots__ = (
        "__weakref__",
        "departed",
        "errors",
        "group",
        "id",
        "news",
        "quorum",
        "replies",
        "service",
        "stopped",
        "waiting",
    )

    def __init__(self, id: int, service: str, group: str | None = None, quorum: int | None = None) -> None:
        self.id = id
        self.service = service
        self.group = group
        self.quorum = quorum
        self.replies: list[Reply] = []
        self.errors: dict[PeerId, CallError] = {}
        self.waiting: dict[PeerId, str] | None = None
        """Who has not answered yet, with their names; None until it is known who was asked."""
        self.departed: set[PeerId] = set()
        """Who went before it was known who was asked."""
        self.stopped = False
        """Whether the node has been stopped: nothing will come any more."""
        self.news: Callable[[], object] | None = None
        """Wakes who waits for this to change."""

    @property
    def finished(self) -> bool:
        """Whether nothing more is to be waited for."""
        if self.stopped:
            return True
        if self.waiting is None:
            return False
        if self.quorum is None:
            return not self.waiting
        return not len(self.replies) < self.quorum or len(self.replies) + len(self.waiting) < self.quorum

    def expect(self, peers: Iterable[tuple[PeerId, str]]) -> None:
        """Those are being asked."""
        heard = {reply.peer for reply in self.replies} | self.errors.keys()
        self.waiting = {peer: name for peer, name in peers if peer not in heard}
        for peer in self.departed & self.waiting.keys():
            self._fail(peer, PeerGone(self.service, peer))

    def _fail(self, peer: PeerId, error: CallError) -> None:
        if self.waiting is not None:
            self.waiting.pop(peer, None)
        self.errors[peer] = error

    def refuse(self, peer: PeerId, why: str) -> None:
        """It could not even be asked."""
        self._fail(peer, ServiceBusy(self.service, peer, why))

    def _takes(self, peer: PeerId) -> bool:
        """Whether an answer of that peer is waited for. Whoever came into a group in between was asked, too."""
        if self.waiting is not None and peer in self.waiting:
            return True
        heard = peer in self.errors or any(reply.peer == peer for reply in self.replies)
        return self.group is not None and not heard

    def on_answer(self, peer: PeerId, name: str, content: tuple[bytes, ...]) -> bool:
        """A peer answered; False if nobody waits for it."""
        if not self._takes(peer):
            return False
        if self.waiting is not None:
            self.waiting.pop(peer, None)
        self.replies.append(Reply(peer, name, content))
        return True

    def on_fault(self, peer: PeerId, fault: Fault) -> bool:
        """A peer will not answer; False if nobody waits for it."""
        if not self._takes(peer):
            return False
        self._fail(peer, _error(peer, self.service, fault))
        return True

    def on_gone(self, peer: PeerId) -> bool:
        """A peer is gone from the network, or from the group that is asked; whether that changed anything."""
        if self.waiting is None:
            self.departed.add(peer)
            return False
        if peer not in self.waiting:
            return False
        self._fail(peer, PeerGone(self.service, peer))
        return True


def _error(peer: PeerId, service: str, fault: Fault) -> CallError:
    if fault.reason is Reason.UNKNOWN:
        return NoSuchService(service, peer)
    if fault.reason is Reason.BUSY:
        return ServiceBusy(service, peer, fault.text)
    return ServiceError(service, peer, fault.kind, fault.text)


class Asking:
    """The questions of one node that somebody waits for."""

    def __init__(self) -> None:
        self._last_id = 0
        self._open: WeakValueDictionary[int, Inquiry] = WeakValueDictionary()

    def open(self, service: str, group: str | None = None, quorum: int | None = None) -> Inquiry:
        """A new question; say whom it goes to by its ``expect``."""
        self._last_id += 1
        inquiry = Inquiry(self._last_id, service, group, quorum)
        self._open[inquiry.id] = inquiry
        return inquiry

    def close(self, inquiry: Inquiry) -> bool:
        """Nobody waits for it any more; False if that is known."""
        return self._open.pop(inquiry.id, None) is not None

    def on_message(
        self, peer: PeerId, name: str, message: Answer | Fault, content: tuple[bytes, ...]
    ) -> Inquiry | None:
        """An answer of any kind: the question that it belongs to, or None if it comes too late for one."""
        inquiry = self._open.get(message.id)
        if inquiry is None:
            return None
        if isinstance(message, Fault):
            return inquiry if inquiry.on_fault(peer, message) else None
        return inquiry if inquiry.on_answer(peer, name, content) else None

    def on_gone(self, peer: PeerId, group: str | None = None) -> list[Inquiry]:
        """A peer left the network, or a group: the questions that this changed something for."""
        return [
            inquiry
            for inquiry in list(self._open.values())
            if (group is None or inquiry.group == group) and inquiry.on_gone(peer)
        ]

    def stop(self) -> list[Inquiry]:
        """Nothing will come any more: the questions that this ended."""
        stopped = list(self._open.values())
        for inquiry in stopped:
            inquiry.stopped = True
        self._open.clear()
        return stopped

    def __len__(self) -> int:
        return len(self._open)
