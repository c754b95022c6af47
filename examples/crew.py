"""Ask everybody how they are: python examples/crew.py NAME, in several terminals; each line that you type asks."""

import os
import sys
import threading
import time

import zyre

began = time.monotonic()

node = zyre.Node(sys.argv[1], groups=["CREW"])


@node.service("status", codec="json")  # before the start: who sees the node may ask at once
def status(request):
    return {"pid": os.getpid(), "up": round(time.monotonic() - began, 1), "load": os.getloadavg()[0]}


@node.on(zyre.Join, group="CREW")
def presence(event):
    print(f"* {event.name} is here", flush=True)


with node:
    threading.Thread(target=node.run, daemon=True).start()  # for who comes; answers need no reader
    for _ in sys.stdin:
        with node.ask("CREW", "status", timeout=3) as answers:
            for reply in answers:
                print(f"{reply.name}: {reply.json()}", flush=True)
        for peer in answers.silent:
            print(f"no answer from {node.peers[peer].name}", flush=True)
