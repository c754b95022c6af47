"""The table of scenarios: what happens, and what nodes must make of it, in the model as in the world.

Each is a function that plays on a `Stage`; its docstring says what holds. Names that begin with "z" are libzyre nodes
on real networks. "a, b = stage.cast('a', 'b')" starts two nodes on two hosts of one LAN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .stage import BEACON, EVASIVE, EXPIRED, SOON, Actor, Stage

Scenario: TypeAlias = Callable[[Stage], None]

SCENARIOS: dict[str, Scenario] = {}

SHORT = EXPIRED * 0.6
"""An interruption in which a peer is missed, and not given up."""

LONG = EXPIRED + 1.0
"""One in which it is."""


def scenario(play: Scenario) -> Scenario:
    """Add a scenario to the table."""
    SCENARIOS[play.__name__] = play
    return play


def nobody_left(stage: Stage, *actors: Actor) -> None:
    """Check that none of them ever took another for gone."""
    exits = [(actor, sighting) for actor in actors for sighting in actor.saw("Exit")]
    assert not exits, stage.report()


def talk(stage: Stage, *actors: Actor) -> None:
    """Check that a message passes between any two, both ways: that they do not only see each other."""
    before = {(to, by): len(to.saw("Whisper", by)) for to in actors for by in actors if to is not by}
    for to, by in before:
        by.whisper(to)
    stage.wait(
        lambda: all(len(to.saw("Whisper", by)) == count + 1 for (to, by), count in before.items()),
        why=f"a message from each of {actors} to each other",
    )


def talk_again(stage: Stage, *actors: Actor) -> None:
    """Check that soon a message passes between any two, both ways, although some are lost before."""
    before = {(to, by): len(to.saw("Whisper", by)) for to in actors for by in actors if to is not by}

    def heard() -> bool:
        return all(len(to.saw("Whisper", by)) > count for (to, by), count in before.items())

    for _ in range(round(2 * SOON / BEACON)):
        for to, by in before:
            by.whisper(to)
        stage.pass_time(BEACON / 2)
        if heard():
            return
    stage.wait(heard, why=f"a message from each of {actors} to each other")


# -- coming and going ----------------------------------------------------------------------------------------------


@scenario
def mesh(stage: Stage) -> None:
    """Five nodes find each other, the latecomer too, and each can talk to each."""
    actors = stage.cast("a", "b", "c", "zoe")
    stage.meet(*actors)
    actors += stage.cast("zed")
    stage.meet(*actors)
    talk(stage, *actors)
    nobody_left(stage, *actors)


@scenario
def goodbye(stage: Stage) -> None:
    """Whoever leaves politely is gone at once, long before it would expire."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    b.stop()
    stage.wait(lambda: a.sees == {"z"} and z.sees == {"a"}, EXPIRED / 2, why="b has left")
    assert a.saw("Exit", b, "left"), stage.report()
    z.stop()
    stage.wait(lambda: not a.sees, EXPIRED / 2, why="z has left")
    assert a.saw("Exit", z, "left"), stage.report()


@scenario
def goodbye_without_datagrams(stage: Stage) -> None:
    """Our nodes hear each other's goodbye also where the last beacon is lost; a message before it arrives before it."""
    a, b = stage.cast("a", "b")
    stage.meet(a, b)
    stage.drop_broadcasts()
    b.whisper(a, 100)
    b.stop()
    stage.wait(lambda: not a.sees, EXPIRED / 2, why="b has left")
    assert a.saw("Exit", b, "left"), stage.report()
    assert len(a.saw("Whisper", b)) == 100, stage.report()


@scenario
def killed(stage: Stage) -> None:
    """A process that dies without a word is known at once to have crashed, libzyre's as well as ours: its host says so.
    libzyre itself waits until it expires."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    b.kill()
    stage.wait(lambda: a.sees == {"z"}, EXPIRED * 0.7, why="b has crashed")
    assert a.saw("Exit", b, "crashed"), stage.report()
    stage.wait(lambda: z.sees == {"a"}, why="libzyre knows it, too")
    z.kill()
    stage.wait(lambda: not a.sees, EXPIRED * 0.7, why="z has crashed")
    assert a.saw("Exit", z, "crashed"), stage.report()


@scenario
def unplugged(stage: Stage) -> None:
    """Whoever cannot say anything any more becomes evasive, then silent, and expires in its time, not before."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    stage.pull_cable(b)
    assert not stage.happens(lambda: "b" not in a.sees, EXPIRED * 0.7), stage.report()
    stage.wait(lambda: a.sees == {"z"} and z.sees == {"a"}, why="b has expired")
    assert [sighting.kind for sighting in a.events if sighting.who == "b"] == ["Enter", "Evasive", "Silent", "Exit"]
    assert a.saw("Exit", b, "expired"), stage.report()
    stage.pull_cable(z)
    stage.wait(lambda: not a.sees, why="z has expired")
    assert a.saw("Exit", z, "expired"), stage.report()


@scenario
def restarted(stage: Stage) -> None:
    """A new node at the place of a dead one takes that place at once; nobody waits for the dead one to expire."""
    a, c = stage.cast("a", "c")
    place = stage.host("lan")
    (b,) = stage.cast("b", hosts=[place], tcp_port=20100)
    stage.meet(a, b, c)
    b.kill()
    (b2,) = stage.cast("b2", hosts=[place], tcp_port=20100)
    stage.meet(a, b2, c)
    assert a.saw("Exit", b, "replaced") or a.saw("Exit", b, "crashed"), stage.report()
    talk(stage, a, b2, c)


# -- the network breaks ----------------------------------------------------------------------------------------------


@scenario
def partition(stage: Stage) -> None:
    """Two halves that cannot reach each other go on by themselves, and are one again when they can."""
    a, b, y, z = stage.cast("a", "b", "zara", "zoe")
    stage.meet(a, b, y, z)
    stage.partition([a, y], [b, z])
    stage.apart([a, y], [b, z])
    stage.meet(a, y)
    stage.meet(b, z)
    stage.heal()
    stage.meet(a, b, y, z)
    talk(stage, a, b, y, z)
    assert not a.saw("Exit", y), stage.report()
    assert not y.saw("Exit", a), stage.report()


@scenario
def one_way(stage: Stage) -> None:
    """Who is not heard is given up, though the way back is open, and later where others hear it: it is not dead. Both
    meet again when both ways are open."""
    a, b, c = stage.cast("a", "b", "c")
    stage.meet(a, b, c)
    stage.one_way(a.host, b.host)
    assert not stage.happens(lambda: "a" not in b.sees, EXPIRED + 1.0), stage.report()
    stage.wait(lambda: b.sees == {"c"}, 3 * EXPIRED + SOON, why="b hears nothing of a")
    assert b.saw("Exit", a, "unreachable"), stage.report()
    assert c.sees == {"a", "b"}, stage.report()
    stage.heal()
    stage.meet(a, b, c)
    talk(stage, a, b, c)


@scenario
def one_way_from_the_start(stage: Stage) -> None:
    """Who is heard and cannot be reached never enters; both meet when both ways are open."""
    places = [stage.host("lan"), stage.host("lan")]
    (b,) = stage.cast("b", hosts=places[1:])
    stage.one_way(*places)
    (a,) = stage.cast("a", hosts=places[:1])
    stage.pass_time(EXPIRED)
    assert not a.events + b.events, stage.report()
    stage.heal()
    stage.meet(a, b, within=2 * SOON)
    talk(stage, a, b)


@scenario
def cable_out_for_a_moment(stage: Stage) -> None:
    """A cable that is back in time: nobody has left, and what was said meanwhile arrives."""
    a, b, c = stage.cast("a", "b", "c")
    stage.meet(a, b, c)
    talk(stage, a, b, c)
    stage.pull_cable(a)
    a.whisper(b, 3)
    b.whisper(a, 3)
    stage.pass_time(SHORT)
    stage.plug_cable(a)
    stage.wait(lambda: len(a.saw("Whisper", b)) == len(b.saw("Whisper", a)) == 4, why="what was said meanwhile")
    stage.pass_time(EXPIRED)
    nobody_left(stage, a, b, c)
    assert not a.lost(b) + b.lost(a), stage.report()


@scenario
def cable_out_for_long(stage: Stage) -> None:
    """A cable that is out for longer than patience lasts: all find each other again when it is back."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    stage.pull_cable(a)
    stage.apart([a], [b, z])
    stage.plug_cable(a)
    stage.meet(a, b, z)
    talk(stage, a, b, z)
    assert not b.saw("Exit", z), stage.report()


@scenario
def another_address(stage: Stage) -> None:
    """A host gets another address: its node says so, and is talked to there as if nothing had happened. A libzyre node
    takes it for a new one."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    stage.change_address(a)
    talk_again(stage, a, b, z)
    assert a.saw("NetworkChanged"), stage.report()
    assert not a.saw("Exit") + b.saw("Exit"), stage.report()
    assert a.sees == {"b", "z"}, stage.report()


@scenario
def other_addresses_for_all(stage: Stage) -> None:
    """Every host of a network gets another address, as when a router is replaced."""
    a, b, c = stage.cast("a", "b", "c")
    stage.meet(a, b, c)
    for actor in (a, b, c):
        stage.change_address(actor)
    talk_again(stage, a, b, c)
    stage.meet(a, b, c)


@scenario
def another_address_of_the_only_interface(stage: Stage) -> None:
    """The same for a node that was told to use one interface, and is bound to that one's address."""
    a, b = stage.cast("a", "b", one_interface=True)
    stage.meet(a, b)
    stage.change_address(a)
    talk_again(stage, a, b)
    nobody_left(stage, a, b)


@scenario
def another_address_while_talking(stage: Stage) -> None:
    """A node goes on talking while its host gets another address: it can be talked to again, and not only heard."""
    a, b, c = stage.cast("a", "b", "c")
    stage.meet(a, b, c)
    stage.pass_time(EVASIVE)
    stage.change_address(a)
    for _ in range(round((2 * EXPIRED + 1.0) / EVASIVE)):
        a.whisper(b)
        stage.pass_time(EVASIVE)
    talk(stage, a, b, c)
    assert b.sees == {"a", "c"}, stage.report()


@scenario
def lossy(stage: Stage) -> None:
    """With three datagrams of ten lost, all find each other and nobody is taken for gone."""
    stage.lose_datagrams(0.3)
    actors = stage.cast("a", "b", "c", "z")
    stage.meet(*actors)
    stage.pass_time(LONG)
    nobody_left(stage, *actors)


@scenario
def resets(stage: Stage) -> None:
    """Connections are reset again and again while 2,000 messages pass: each is delivered or lost, the sender knows of
    how many it was which, and the receiver was told that some are missing."""
    a, b = stage.cast("a", "b")
    stage.meet(a, b)
    sent = 0
    for number in range(40):
        a.whisper(b, 50)
        sent += 50
        if number % 5 == 0:
            stage.reset(a, b)
        stage.pass_time(0.05)
    stage.pass_time(0.5)
    a.whisper(b)
    stage.wait(lambda: not a.fates.in_flight, why=f"all of {sent + 1} accounted for")
    stage.wait(lambda: len(b.saw("Whisper", a)) >= a.fates.delivered, why="b has all that was delivered")
    fates = a.fates
    assert fates.offered == sent + 1
    assert fates.delivered <= len(b.saw("Whisper", a)) <= fates.delivered + fates.unknown
    nobody_left(stage, a, b)
    assert b.lost(a), "no reset did any harm, so nothing was tested"


@scenario
def resets_while_connecting(stage: Stage) -> None:
    """A connection that dies while it is being made is made again, also where one end cannot know that it died."""
    a, b = stage.cast("a", "b")
    stage.meet(a, b)
    for sent in (2, 4):
        stage.reset(b, a)  # for the greeting with which b answers the connection that a makes after the other reset
        stage.reset(a, b)
        a.whisper(b)
        stage.pass_time(0.5)
        a.whisper(b)
        stage.wait(lambda sent=sent: len(b.saw("Whisper")) + b.lost(a) >= sent, 2 * SOON, why="a reaches b again")
    nobody_left(stage, a, b)


@scenario
def resets_among_kinds(stage: Stage) -> None:
    """Who drops a peer for a lost message, as libzyre does, finds it again; the others may have noticed nothing."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    for source, target in ((a, z), (z, a)) * 3:
        stage.reset(source, target)
        source.whisper(target, 20)
        stage.pass_time(0.2)
        source.whisper(target)
        stage.pass_time(0.2)
    stage.pass_time(EXPIRED)
    stage.meet(a, b, z)
    talk(stage, a, b, z)
    nobody_left(stage, b)


# -- processes -------------------------------------------------------------------------------------------------------


@scenario
def frozen_for_a_moment(stage: Stage) -> None:
    """A process that stands still for a moment is missed, and not given up; nor does it give up others."""
    a, b, c = stage.cast("a", "b", "c")
    stage.meet(a, b, c)
    a.freeze()
    stage.pass_time(SHORT)
    a.thaw()
    stage.wait(lambda: bool(b.saw("Returned", a)) and bool(c.saw("Returned", a)), why="a is back")
    stage.pass_time(EVASIVE)
    nobody_left(stage, a, b, c)
    talk(stage, a, b, c)


@scenario
def frozen_for_long(stage: Stage) -> None:
    """A process that stands still for longer is given up, and found again when it goes on."""
    a, b, z = stage.cast("a", "b", "z")
    stage.meet(a, b, z)
    a.freeze()
    stage.wait(lambda: b.sees == {"z"} and z.sees == {"b"}, EXPIRED + SOON, why="a was given up")
    assert b.saw("Exit", a, "expired"), stage.report()
    a.thaw()
    stage.meet(a, b, z)
    talk(stage, a, b, z)
    assert (len(b.saw("Exit", a)), len(b.saw("Enter", a))) == (1, 2), stage.report()


# -- several networks and addresses ----------------------------------------------------------------------------------


@scenario
def two_lans(stage: Stage) -> None:
    """A node on two LANs meets the nodes of both, and each of them at an address in its own; they meet nobody else."""
    hosts = [stage.host("left"), stage.host("left", "right"), stage.host("right"), stage.host("right")]
    left, hub, right, z = stage.cast("left", "hub", "right", "z", hosts=hosts)
    stage.wait(lambda: hub.sees == {"left", "right", "z"}, why="the hub sees everybody")
    stage.wait(lambda: left.sees == {"hub"}, why="the left LAN is complete")
    stage.wait(lambda: right.sees == {"hub", "z"} and z.sees == {"hub", "right"}, why="the right LAN is complete")
    talk(stage, hub, right, z)
    talk(stage, hub, left)
    nobody_left(stage, left, hub, right, z)


@scenario
def two_ways(stage: Stage) -> None:
    """Two nodes share two LANs: they meet once, by one of them, and when that one fails, by the other."""
    a, b = stage.cast("a", "b", hosts=[stage.host("left", "right"), stage.host("left", "right")])
    stage.meet(a, b)
    stage.pass_time(2 * EVASIVE)
    nobody_left(stage, a, b)
    assert len(a.saw("Enter")) == len(b.saw("Enter")) == 1, stage.report()
    for number in (0, 1):
        stage.pull_cable(a, number)
        stage.pass_time(LONG)
        stage.meet(a, b)
        talk(stage, a, b)
        stage.plug_cable(a, number)
        stage.pass_time(EVASIVE)
    # Whoever notices first greets anew, and returns to the other, who has not noticed yet.
    assert a.saw("Exit", b, "expired") or b.saw("Exit", a, "expired"), stage.report()


@scenario
def two_addresses(stage: Stage) -> None:
    """An interface with two addresses: its node is heard from both, and is one peer that does not flap (zyre#698)."""
    place = stage.host("lan")
    stage.add_address(place)
    a, b, z = stage.cast("a", "b", "z", hosts=[place, stage.host("lan"), stage.host("lan")])
    stage.meet(a, b, z)
    stage.pass_time(10.0)
    nobody_left(stage, a, b, z)
    assert all(len(actor.saw("Enter")) == 2 for actor in (a, b, z)), stage.report()
    talk(stage, a, b, z)


@scenario
def no_broadcasts(stage: Stage) -> None:
    """Where a network carries no broadcasts nobody is found, and an explicit connection works."""
    stage.drop_broadcasts()
    a, b, z = stage.cast("a", "b", "z", tcp_port=20100)
    stage.pass_time(1.0)
    assert not a.sees | b.sees | z.sees, stage.report()
    a.connect(b)
    stage.meet(a, b)
    a.connect(z)
    b.connect(z)
    stage.meet(a, b, z)
    stage.pass_time(LONG)
    nobody_left(stage, a, b, z)
    talk(stage, a, b, z)
