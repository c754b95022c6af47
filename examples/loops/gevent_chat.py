"""A chat on gevent: python examples/loops/gevent_chat.py NAME [--for SECONDS]

Shows what is shouted in the group CHAT, answers whispers, and counts beside that. One greenlet waits for the node's
descriptor as it would for a socket's; the node's own thread stays a real one, so do not monkey-patch threads.
"""

import argparse
import signal

import gevent
from gevent.socket import wait_read

import zyre

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--for", dest="seconds", type=float, default=None, help="end after this long")
parser.add_argument("--interface", help="the network interface, such as lo")
parser.add_argument("--port", type=int, default=5670, help="the UDP port that all share")
options = parser.parse_args()

ticks = 0


def count():
    global ticks
    while True:
        gevent.sleep(0.01)
        ticks += 1


def show(node, event):
    match event:
        case zyre.Shout(name=name, content=(text,)):
            print(f"[{ticks}] {name}: {text.decode()}", flush=True)
        case zyre.Whisper(peer=peer):
            node.whisper(peer, f"counted to {ticks}")


def chat(node):
    while True:
        try:
            show(node, node.recv_nowait())
        except zyre.WouldBlock:
            wait_read(node.fileno())


with zyre.Node(options.name, port=options.port, interface=options.interface, groups=["CHAT"]) as node:
    greenlets = [gevent.spawn(count), gevent.spawn(chat, node)]
    gevent.signal_handler(signal.SIGINT, gevent.killall, greenlets)
    gevent.joinall(greenlets, timeout=options.seconds)
    gevent.killall(greenlets)
    print(f"counted to {ticks}")
