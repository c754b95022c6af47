"""A broker: clients and workers that know only the middle (ROUTER and DEALER, joined by a proxy).

python examples/sockets/broker.py
"""

from __future__ import annotations

from threading import Thread

from zyre.sockets import Event, Message, ProxyEnd, Socket, proxy

WORKERS = 3


def broker(frontend: Socket, backend: Socket, stop: Event) -> ProxyEnd:
    with frontend, backend:
        return proxy(frontend, backend, capture=show, until=stop)


def show(source: Socket, message: Message) -> None:
    print(f"{'request' if source.type == 'router' else 'reply':>8}: {message[-1].decode()}")


def worker(socket: Socket) -> None:
    for message in socket:
        socket.send(message.string.upper())


def client(endpoint: str, name: str, requests: int) -> list[str]:
    replies = []
    with Socket("req", connect=endpoint) as socket:
        for number in range(requests):
            socket.send(f"{name} asks {number}")
            replies.append(socket.recv_string())
    return replies


def main(front: str = "tcp://*:5559", back: str = "tcp://*:5560", requests: int = 3) -> ProxyEnd:
    stop, ends = Event(), []
    frontend, backend = Socket("router", bind=front), Socket("dealer", bind=back)
    here, there = (socket.endpoints("bind")[0].replace("0.0.0.0", "localhost") for socket in (frontend, backend))
    workers = [Socket("rep", connect=there) for _ in range(WORKERS)]
    threads = [Thread(target=worker, args=(socket,)) for socket in workers]
    middle = Thread(target=lambda: ends.append(broker(frontend, backend, stop)))
    for thread in (*threads, middle):
        thread.start()
    for name in ("anna", "bert"):
        client(here, name, requests)
    stop.set()
    middle.join()
    for socket in workers:
        socket.close()
    for thread in threads:
        thread.join()
    print(f"The broker passed on {ends[0].a_to_b} requests and {ends[0].b_to_a} replies")
    return ends[0]


if __name__ == "__main__":
    main()
