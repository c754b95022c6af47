"""Weather: a publisher of all places, and a subscriber to one zip code (PUB and SUB).

python examples/sockets/weather.py [zip code]
"""

from __future__ import annotations

import sys
from random import randrange
from threading import Thread

from zyre.sockets import Socket, SocketClosed


def random_zip() -> str:
    return f"{randrange(100_000):05}"


def server(publisher: Socket) -> None:
    try:
        while True:
            temperature, humidity = randrange(215) - 80, randrange(50) + 10
            publisher.send(f"{random_zip()} {temperature} {humidity}")
    except SocketClosed:
        return


def client(endpoint: str, my_zip: str, updates: int = 10) -> float:
    total = 0
    with Socket("sub", connect=endpoint) as subscriber:
        print(f"Subscribing to ZIP code {my_zip} only")
        subscriber.subscribe(my_zip)
        for update_number in range(updates):
            _, temperature, _ = subscriber.recv_string().split()
            print(f"Client got temperature update #{update_number}: {temperature}")
            total += int(temperature)
    print(f"Average temperature for ZIP code {my_zip} was {total / updates}")
    return total / updates


def main(my_zip: str = "10001", bind: str = "tcp://*:5556", connect: str = "tcp://localhost:5556") -> float:
    publisher = Socket("pub", bind=bind)
    publisher_thread = Thread(target=server, args=(publisher,))
    publisher_thread.start()
    average = client(connect, my_zip)
    publisher.close()
    publisher_thread.join()
    return average


if __name__ == "__main__":
    main(*sys.argv[1:])
