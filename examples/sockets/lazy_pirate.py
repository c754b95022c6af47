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
    """Answers, but not the first ``ignores`` requests."""
    for message in socket:
        if ignores:
            ignores -= 1
            socket.close()  # a crash, seen from the client
            return
        socket.send(message)


def main(endpoint: str = "tcp://127.0.0.1:5561", timeout: float = TIMEOUT) -> str:
    moody = Thread(target=moody_server, args=(Socket("rep", bind=endpoint), 1))
    moody.start()
    try:
        ask(endpoint, "are you there?", timeout, retries=1)
    except ServerSilent as error:
        print(error)
    moody.join()
    healed = Socket("rep", bind=endpoint)
    server = Thread(target=moody_server, args=(healed, 0))
    server.start()
    reply = ask(endpoint, "and now?", timeout)
    print(f"Server replied {reply!r}")
    healed.close()
    server.join()
    return reply


if __name__ == "__main__":
    main()
