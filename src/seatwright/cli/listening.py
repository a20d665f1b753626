"""The socket that `serve` listens on, and the sentence for an address that it can't have."""

from __future__ import annotations

import errno
import socket

from seatwright.core.errors import Unavailable

BACKLOG = 2048
"""Connections that may wait until a worker accepts them."""


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that has the address to itself, and doesn't take connections yet.

    Raises `Unavailable` with what to do if another program has the address, or it can't be had at all.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise _refused(host, port, error) from error
    taken.set_inheritable(True)
    return taken


def listen(bound_socket: socket.socket, host: str, port: int) -> None:
    """Take connections from now on; they wait for the first worker that is ready.

    Raises `Unavailable` if another program that had bound the address, too, was quicker.
    """
    try:
        bound_socket.listen(BACKLOG)
    except OSError as error:
        raise _refused(host, port, error) from error


def _refused(host: str, port: int, error: OSError) -> Unavailable:
    if error.errno == errno.EADDRINUSE:
        sentence = f"port {port} of {host} is taken by another program: stop it, or choose another port with --port."
    elif error.errno == errno.EACCES:
        sentence = f"port {port} is reserved for root: choose one from 1024 on, and put a proxy in front."
    elif error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        sentence = f"{host} is not an address of this machine: see --host."
    else:
        sentence = f"port {port} of {host} can't be listened on: {error.strerror}."
    return Unavailable(sentence)
