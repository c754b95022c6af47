"""A chat for everybody on the network: python examples/chat.py NAME"""

import sys
import threading

import zyre

with zyre.Node(sys.argv[1], groups=["CHAT"]) as node:

    @node.on(zyre.Join, zyre.Leave, group="CHAT")
    def presence(event):
        print(f"* {event.name} {'is here' if isinstance(event, zyre.Join) else 'has left'}", flush=True)

    @node.on(zyre.Shout, group="CHAT")
    def message(event):
        print(f"{event.name}: {event.content[0].decode()}", flush=True)

    threading.Thread(target=node.run, daemon=True).start()
    for line in sys.stdin:
        node.shout("CHAT", line.rstrip())
