"""TCP ports of this machine: a free one, and whether one can be had."""

import atexit
import errno
import socket
import sys

from shared.errors import UserError

LOOPBACK = "127.0.0.1"
_PORTS = 1 << 16


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def free_port(host: str = LOOPBACK) -> int:
    """Return a port that nobody else is given while this process lives; our own programs may listen on it.

    Linux lets two sockets that both allow reuse be bound to one port as long as one of them at most listens, and hands
    a port that is bound neither to who asks for any nor to an outgoing connection. On other systems the port may be
    taken by the time it is used.
    """
    probe = socket.socket(_family(host), socket.SOCK_STREAM)
    probe.bind((host, 0))
    port: int = probe.getsockname()[1]
    if sys.platform == "linux":
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        atexit.register(probe.close)  # which keeps it until then
    else:
        probe.close()
    return port


def claimable_port(host: str, port: int) -> int:
    """Return the port if it can be listened on, a free one for 0; raises `port_taken` or the like."""
    if port not in range(_PORTS):
        raise UserError("port_unusable", f"A port is a number from 0 to {_PORTS - 1}, not {port}.", field="port")
    try:
        with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
            # As servers do: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
        return port or free_port(host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                "port_taken",
                f"Port {port} on {host} is in use by another program. Stop that one, or choose another port "
                "with --port (0 takes any free one).",
                field="port",
            ) from error
        raise UserError(
            "host_unusable",
            f"This machine cannot listen on {host}, port {port}: {error.strerror or error}. "
            "Choose another --host or --port.",
            field="host",
        ) from error
