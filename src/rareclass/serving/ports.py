"""Sockets of the service, and their addresses."""

import socket

from rareclass.errors import InputError

_BACKLOG = 2_048


def address_of(sock: socket.socket, port: int | None = None) -> str:
    """``host:port`` of a socket, or with another port."""
    host, own = sock.getsockname()[:2]
    return f"{f'[{host}]' if ':' in host else host}:{own if port is None else port}"


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; errors as `bound`."""
    return bound(host, port, backlog=_BACKLOG)


def bound(host: str, port: int, *, backlog: int | None = None) -> socket.socket:
    """A socket of an address that no other process listens on; it listens where a backlog is given.

    Raises
    ------
    InputError
        The port is taken or not allowed, or the address is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise InputError(f"There is no address {host!r} to listen on. Give one of this machine as --host.") from None
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        if backlog is not None:
            sock.listen(backlog)
    except OSError as error:
        sock.close()
        why = error.strerror
        raise InputError(
            f"The port {port} of {host} cannot be listened on ({why}). Give another one, or stop what uses it."
        ) from None
    return sock
