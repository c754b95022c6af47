"""The node files by HTTP: read only, and nothing else on the disk is within reach.

It answers from what is kept in memory and never makes a path of a request, so there is no way out of the directory.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

import zyre
from zyre.cli.nodefiles import NodeFiles

__all__ = ["NodeServer"]

_FILE = re.compile(r"/([0-9A-Fa-f]{32})\.json\Z")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: A client that says nothing for this long loses its thread.
    timeout: ClassVar[float] = 10.0
    server: _Server

    def do_GET(self) -> None:
        """Answer with the list, one file, or 404."""
        body = self._body(self.path.partition("?")[0])
        if body is None:
            self._reply(HTTPStatus.NOT_FOUND, b'{"error": "no such node; the list is at /"}\n')
        else:
            self._reply(HTTPStatus.OK, body)

    do_HEAD = do_GET

    def _body(self, path: str) -> bytes | None:
        current = self.server.files.current()
        if path == "/":
            records = [json.loads(text) for text in current.values()]
            records.sort(key=lambda record: (record["name"], record["uuid"]))
            return json.dumps(records, ensure_ascii=False, indent=2).encode() + b"\n"
        wanted = _FILE.match(path)
        return current.get(wanted[1].upper()) if wanted else None

    def _reply(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """Who is asked need not say on what it runs."""
        return "zyre"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not news."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files: NodeFiles, address: str, port: int) -> None:
        self.files = files
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no event."""


class NodeServer:
    """Serves in a thread of its own while its ``with`` lasts. Raises NetworkError if it cannot have the port."""

    def __init__(self, files: NodeFiles, address: str, port: int) -> None:
        try:
            self._server = _Server(files, address, port)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise zyre.NetworkError(f"http://{address}:{port} cannot be served: {why}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="zyre-http", daemon=True)

    @property
    def url(self) -> str:
        """Where it is."""
        host, port = self._server.server_address[:2]
        host = host.decode() if isinstance(host, bytes) else str(host)
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
