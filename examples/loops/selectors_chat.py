"""A chat on a bare selectors loop: python examples/loops/selectors_chat.py NAME [--for SECONDS]

Shows what is shouted in the group CHAT, answers whispers, and counts beside that. Any loop that can wait for a
descriptor can do the same: wait until it is readable, then take events until there are none.
"""

import argparse
import math
import selectors
import time

import zyre

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--for", dest="seconds", type=float, default=math.inf, help="end after this long")
parser.add_argument("--interface", help="the network interface, such as lo")
parser.add_argument("--port", type=int, default=5670, help="the UDP port that all share")
options = parser.parse_args()

TICK = 0.01
ticks = 0


def show(node, event):
    match event:
        case zyre.Shout(name=name, content=(text,)):
            print(f"[{ticks}] {name}: {text.decode()}", flush=True)
        case zyre.Whisper(peer=peer):
            node.whisper(peer, f"counted to {ticks}")


def take_all(node):
    try:
        while True:
            show(node, node.recv_nowait())
    except zyre.WouldBlock:
        pass


with (
    zyre.Node(options.name, port=options.port, interface=options.interface, groups=["CHAT"]) as node,
    selectors.DefaultSelector() as selector,
):
    selector.register(node, selectors.EVENT_READ)
    now = time.monotonic()
    end, next_tick = now + options.seconds, now + TICK
    try:
        while now < end:
            if selector.select(max(0.0, min(next_tick, end) - now)):
                take_all(node)
            now = time.monotonic()
            if not now < next_tick:
                ticks, next_tick = ticks + 1, now + TICK
        print(f"counted to {ticks}")
    except KeyboardInterrupt:
        pass
