"""A chat on asyncio: python examples/loops/asyncio_chat.py NAME [--for SECONDS]

Shows what is shouted in the group CHAT, answers whispers, and counts beside that: the node never blocks the loop.
"""

import argparse
import asyncio

import zyre

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--for", dest="seconds", type=float, default=None, help="end after this long")
parser.add_argument("--interface", help="the network interface, such as lo")
parser.add_argument("--port", type=int, default=5670, help="the UDP port that all share")
options = parser.parse_args()

ticks = 0


async def count():
    global ticks
    while True:
        await asyncio.sleep(0.01)
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
        try:
            async with asyncio.timeout(options.seconds), asyncio.TaskGroup() as tasks:
                tasks.create_task(count())
                tasks.create_task(chat(node))
        except TimeoutError:
            print(f"counted to {ticks}")


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
