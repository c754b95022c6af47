"""A publisher that broadcasts a random number every second (PUB), and somebody who listens (SUB).

python examples/sockets/random_publisher.py
"""

from __future__ import annotations

from random import randrange
from threading import Thread

from zyre.sockets import Socket, SocketClosed


def random_publisher(sock: Socket, interval: float = 1.0) -> None:
    while not sock.wait_closed(timeout=interval):  # sleeps, and notices at once when it is time to go
        sock.send(str(randrange(1000)))


def main(bind: str = "tcp://*:11331", connect: str = "tcp://localhost:11331", interval: float = 1.0) -> list[int]:
    numbers = []
    with Socket("pub", bind=bind) as sock, Socket("sub", connect=connect, subscribe="") as listener:
        publisher = Thread(target=publish, args=(sock, interval))
        publisher.start()
        for _ in range(3):
            numbers.append(int(listener.recv_string()))
            print(f"Heard {numbers[-1]}")
        sock.close()
        publisher.join()
    return numbers


def publish(sock: Socket, interval: float) -> None:
    try:
        random_publisher(sock, interval)
    except SocketClosed:
        return


if __name__ == "__main__":
    main()
