"""Hello world: a server that answers, and a client that asks (REQ and REP).

python examples/sockets/hello_world.py
"""

from __future__ import annotations

from threading import Thread

from zyre.sockets import Socket


def server(responder: Socket) -> None:
    for message in responder:
        print(f"Server received: {message.string!r}")
        responder.send("World")


def client(endpoint: str, requests: int = 3) -> None:
    with Socket("req", connect=endpoint) as requester:
        for request_number in range(requests):
            requester.send("Hello")
            response = requester.recv_string()
            print(f"Client received {response!r} (#{request_number})")


def main(bind: str = "tcp://*:5555", connect: str = "tcp://localhost:5555") -> None:
    responder = Socket("rep", bind=bind)
    responder_thread = Thread(target=server, args=(responder,))
    responder_thread.start()
    client(connect)
    responder.close()  # ends the server's loop
    responder_thread.join()


if __name__ == "__main__":
    main()
