"""A proxy that passes requests on to a real server, and cuts the connection before some of the answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import httpx

Fate: TypeAlias = Literal["whole", "nothing", "half"]
"""What a client gets of an answer."""


class Cutting:
    """The proxy. What it cuts off was answered by the server all the same."""

    def __init__(self, server_url: str) -> None:
        self._upstream = (urlsplit(server_url).hostname or "", urlsplit(server_url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.fates: list[tuple[str, Fate]] = []
        """For the next requests whose first line begins with the text: how much of the answer gets through."""
        self.answered: list[bytes] = []
        """Answers that the server gave and that were cut."""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._upstream) as server:
            while request := _message(client):
                server.sendall(request)
                answer = _message(server)
                fate = self._fate(request)
                if fate != "whole":
                    self.answered.append(answer)
                    client.sendall(answer[: len(answer) // 2] if fate == "half" else b"")
                    return
                client.sendall(answer)

    def _fate(self, request: bytes) -> Fate:
        if self.fates and request.startswith(self.fates[0][0].encode()):
            return self.fates.pop(0)[1]
        return "whole"

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


def _message(source: socket.socket) -> bytes:
    """Return one request or answer of HTTP, with a Content-Length or without a body; empty at the end."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = source.recv(65_536)
        if not part:
            return b""
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")[1:]
    headers = httpx.Headers([(name, value) for name, _, value in (line.partition(b": ") for line in lines)])
    missing = int(headers.get("content-length", "0")) - len(body)
    while missing > 0:
        part = source.recv(missing)
        got, missing = got + part, missing - len(part)
    return got


@contextmanager
def cutting(server_url: str) -> Iterator[Cutting]:
    """A proxy in front of a server."""
    proxy = Cutting(server_url)
    try:
        yield proxy
    finally:
        proxy.close()
