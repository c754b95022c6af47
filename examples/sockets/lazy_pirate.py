"""Lazy pirate: a client that gives up on a silent server, asks again, and in the end says so (REQ and REP).

python examples/sockets/lazy_pirate.py
"""

from __future__ import annotations

from threading import Thread

from zyre.sockets import Socket, SocketTimeout

TIMEOUT = 2.5
RETRIES = 3


class ServerSilent(Exception):
    """No reply to any of the attempts."""


def ask(endpoint: str, request: str, timeout: float = TIMEOUT, retries: int = RETRIES) -> str:
    """The reply to ``request``, which is sent up to ``retries`` times.

    A req socket that never got its reply cannot send again, so every attempt has a socket of its own; linger=0 drops
    what the lost server did not take.
    """
    for attempt in range(1, retries + 1):
        with Socket("req", connect=endpoint, linger=0) as client:
            client.send(request)
            try:
                return client.recv_string(timeout=timeout)
            except SocketTimeout:
                print(f"No answer to {request!r} (attempt {attempt} of {retries})")
    raise ServerSilent(f"{endpoint} did not answer {request!r}")


def moody_server(socket: Socket, ignores: int) -> None:
    """Answers, but not the first ``ignores`` requests. (A router may ignore; a rep must reply before it hears more.)"""
    for client, empty, request in socket:
        if ignores:
            ignores -= 1
        else:
            socket.send([client, empty, request])


def main(endpoint: str = "tcp://127.0.0.1:5561", timeout: float = TIMEOUT) -> str:
    try:
        ask(endpoint, "is anybody there?", timeout, retries=1)
    except ServerSilent as error:
        print(error)
    server = Socket("router", bind=endpoint)
    moody = Thread(target=moody_server, args=(server, 1))
    moody.start()
    reply = ask(endpoint, "and now?", timeout)
    print(f"Server replied {reply!r}")
    server.close()
    moody.join()
    return reply


if __name__ == "__main__":
    main()
