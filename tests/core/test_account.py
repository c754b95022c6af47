"""One peer's account: answers settle what was sent before their question, and lies settle nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zyre.core.account import Account
from zyre.wire.tally import FINAL, Tallied


def state(account: Account) -> tuple[int, int, int, int]:
    return account.delivered, account.lost, account.unknown, account.tallied


def test_what_was_counted_is_delivered_and_the_rest_is_lost() -> None:
    account = Account()
    account.offered = 10
    assert account.settle(Tallied(1, 7, 0, 5))
    assert state(account) == (5, 2, 0, 7)
    assert account.settle(Tallied(1, 10, 0, 8))
    assert state(account) == (8, 2, 0, 10)


def test_what_came_before_the_receiver_began_to_count_is_unknown() -> None:
    account = Account()
    account.offered = 10
    assert account.settle(Tallied(1, 9, 4, 3))
    assert state(account) == (3, 2, 4, 9)
    account.offered = 20
    assert account.settle(Tallied(1, 20, 12, 8)), "it began to count anew"
    assert state(account) == (11, 2, 7, 20)


def test_the_last_answer_settles_all() -> None:
    account = Account()
    account.offered = 10
    assert account.settle(Tallied(1, FINAL, 0, 6))
    assert state(account) == (6, 4, 0, 10)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 40) | st.just(FINAL), st.integers(0, 40), st.integers(0, 40)),
        max_size=12,
    )
)
def test_whatever_is_answered_the_account_balances(steps: list[tuple[int, int, int, int]]) -> None:
    """Invariant: settled = delivered + lost + unknown <= offered, none of them ever less than before."""
    account = Account()
    for more, sent, base, got in steps:
        account.offered += more
        before = state(account)
        believed = account.settle(Tallied(1, sent, base, got))
        assert believed or state(account) == before
        assert all(now >= then for now, then in zip(state(account), before, strict=True))
        assert account.delivered + account.lost + account.unknown == account.tallied <= account.offered


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=60))
def test_two_accounts_over_a_link_that_loses_agree_with_the_truth(steps: list[tuple[bool, bool, bool]]) -> None:
    sender, receiver, arrived = Account(), Account(), 0
    receiver.asked(1, 0)
    for message_lost, ask, answer_lost in steps:
        sender.offered += 1
        receiver.heard += not message_lost
        arrived += not message_lost
        if ask:
            receiver.asked(1, sender.offered)
            answer = receiver.answer(sender.offered)
            if not answer_lost:
                assert sender.settle(answer)
                assert (sender.delivered, sender.lost) == (arrived, sender.offered - arrived)
