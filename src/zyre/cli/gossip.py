"""``zyre gossip``: a gossip service: a hub for others, a client of hubs, or both."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

import zyre
from zyre.cli.exits import NotDone, Unfit
from zyre.cli.options import ending_options, json_option, timeout_option
from zyre.cli.output import Output, make_output, safe
from zyre.cli.waiting import deadline_after
from zyre.core.gossip.settings import Bind, Connect, read_steps
from zyre.endpoint import Endpoint
from zyre.engine.zplfile import load_zpl

__all__ = ["gossip"]

#: After so many seconds without news the table is taken for complete: ZGOSSIP has no end mark.
_QUIET = 0.5


def _split_tuples(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    tuples = {}
    for item in values:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise click.BadParameter(f"{item!r} is not of the form KEY=VALUE, such as colour=blue")
        tuples[key] = value
    return tuples


@click.command()
@click.argument("tuples", nargs=-1, metavar="[KEY=VALUE]...", callback=_split_tuples)
@click.option("--bind", "binds", multiple=True, metavar="ENDPOINT", help="Be a hub there, such as tcp://*:5660.")
@click.option(
    "--connect",
    "hubs",
    multiple=True,
    metavar="ENDPOINT",
    help="Be a client of the hub there; its public key, if it is secured, follows behind a '|'.",
)
@click.option(
    "--config", type=click.Path(dir_okay=False, exists=True), metavar="FILE", help="Settings in ZPL, as CZMQ's zgossip."
)
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False, exists=True),
    metavar="PATH",
    help="Certificate of this service; its hub then lets in only who knows its public key.",
)
@click.option("--lasting", is_flag=True, help="Let the published tuples stay when this command has ended.")
@click.option("--withdraw", multiple=True, metavar="KEY", help="Withdraw a tuple.")
@click.option("--list", "only_list", is_flag=True, help="Print the tuples that there are, and end.")
@ending_options
@timeout_option
@json_option
def gossip(
    tuples: dict[str, str],
    binds: tuple[str, ...],
    hubs: tuple[str, ...],
    config: str | None,
    certificate: str | None,
    lasting: bool,
    withdraw: tuple[str, ...],
    only_list: bool,
    count: int | None,
    seconds: float | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Run a gossip service: a hub for nodes and other services (--bind), a client of hubs (--connect), or both.

    Publishes the KEY=VALUE pairs, and prints every tuple that is new, has changed, or is gone. It works with CZMQ's
    zgossip, and with libzyre's nodes. Runs until Ctrl-C, or as long as --count, --for and --list say.
    """
    if not (binds or hubs or config):
        raise click.UsageError("say where: --bind tcp://*:5660 for a hub, --connect tcp://HOST:5660 for a client")
    output = make_output(as_json)
    with zyre.Gossip("zyre gossip", certificate=_certificate(certificate)) as service:
        try:
            if config:
                _require_place(config, binds + hubs)
                service.load(config)
        except OSError as error:
            raise Unfit(str(error)) from None
        for endpoint in binds:
            output.result("bound", f"hub at {(bound := service.bind(endpoint))}", endpoint=bound)
        for endpoint in hubs:
            target = Endpoint.parse(endpoint)
            service.connect(str(target), public_key=target.key or None)
        deadline = deadline_after(seconds)
        if hubs and (only_list or withdraw or count is not None or seconds is not None):
            _wait_for_hub(service, hubs, timeout if seconds is None else seconds)
        for key, value in tuples.items():
            service.publish(key, value, lasting=lasting)
        if only_list or withdraw:
            _settle(service, timeout)
            _withdraw(service, withdraw)
            if only_list:
                _list(service, output)
            return
        told = _watch(service, output, count, deadline)
    if count is not None and told < count:
        raise NotDone(f"{told} of {count} changes came within {seconds:g} s")


def _require_place(config: str, told: tuple[str, ...]) -> None:
    """Settings that say nothing are mostly in another section than they should be."""
    steps = read_steps(load_zpl(config))
    if not told and not any(isinstance(step, (Bind, Connect)) for step in steps):
        raise Unfit(f"{config} has no section 'zgossip' that says where to bind or to connect; --bind or --connect can")


def _certificate(path: str | None) -> zyre.Certificate | None:
    return None if path is None else zyre.load_certificate(path)


def _wait_for_hub(service: zyre.Gossip, hubs: tuple[str, ...], timeout: float) -> None:
    """A command that ends must not do so before anybody has heard it."""
    deadline = time.monotonic() + timeout
    while not service.hubs:
        if time.monotonic() > deadline:
            raise NotDone(f"no hub answered within {timeout:g} s at {', '.join(hubs)}")
        time.sleep(0.02)


def _settle(service: zyre.Gossip, timeout: float) -> None:
    """Wait until a hub has told everything."""
    deadline = time.monotonic() + timeout
    for _ in _deliveries(service, None, quiet=_QUIET):
        if time.monotonic() > deadline:
            break


def _withdraw(service: zyre.Gossip, keys: tuple[str, ...]) -> None:
    missing = [key for key in keys if not service.unpublish(key)]
    if missing:
        raise NotDone(f"there is no tuple {', '.join(map(safe, missing))}")


def _list(service: zyre.Gossip, output: Output) -> None:
    for key, value in sorted(service.tuples.items()):
        output.result("tuple", f"{safe(key)} = {safe(value)}", key=key, value=value)


def _watch(service: zyre.Gossip, output: Output, count: int | None, deadline: float | None) -> int:
    """Print deliveries; how many there were."""
    told = 0
    for delivery in _deliveries(service, deadline):
        if delivery.value is None:
            output.result(delivery.reason, f"{safe(delivery.key)} is gone: {delivery.reason}", key=delivery.key)
        else:
            sentence = f"{safe(delivery.key)} = {safe(delivery.value)}"
            output.result(delivery.reason, sentence, key=delivery.key, value=delivery.value)
        told += 1
        if told == count:
            break
    return told


def _deliveries(service: zyre.Gossip, deadline: float | None, quiet: float | None = None) -> Iterator[zyre.Delivery]:
    """What comes until a moment, or until nothing came for so long."""
    while True:
        left = quiet if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            yield service.recv(left)
        except zyre.RecvTimeout:
            return
