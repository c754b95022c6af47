"""A chat on trio: python examples/loops/trio_chat.py NAME [--for SECONDS]

Shows what is shouted in the group CHAT, answers whispers, and counts beside that: the node never blocks the loop.
"""

import argparse
import math

import trio

import zyre

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--for", dest="seconds", type=float, default=math.inf, help="end after this long")
parser.add_argument("--interface", help="the network interface, such as lo")
parser.add_argument("--port", type=int, default=5670, help="the UDP port that all share")
options = parser.parse_args()

ticks = 0


async def count():
    global ticks
    while True:
        await trio.sleep(0.01)
        ticks += 1


async def chat(node):
    async for event in node:
        match event:
            case zyre.Shout(name=name, content=(text,)):
                print(f"[{ticks}] {name}: {text.decode()}", flush=True)
            case zyre.Whisper(peer=peer):
                await node.whisper(peer, f"counted to {ticks}")


async def main():
    async with zyre.AsyncNode(options.name, port=options.port, interface=options.interface, groups=["CHAT"]) as node:
        with trio.move_on_after(options.seconds):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(count)
                nursery.start_soon(chat, node)
        print(f"counted to {ticks}")


try:
    trio.run(main)
except* KeyboardInterrupt:
    pass
