"""Free ports on the loopback interface, for servers that cannot pick one themselves."""

import errno
import os
import random
import socket
from collections.abc import Sequence

LOOPBACK = "127.0.0.1"
_LOOPBACKS = [(socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1")]

# Below the range from which Linux (from 32768) and macOS (from 49152) take the ports of outgoing connections.
# A client that keeps dialling a dead server's port in that range can end up connected to itself, and then
# the server cannot come back on its port.
_CANDIDATES = range(20_000, 32_768)
_TRIES = 100
# Hypothesis seeds the generator that all share, which would give two processes the same ports.
_random = random.SystemRandom()


def free_port() -> int:
    """Return a TCP port that nobody on the loopback interface listens on now; see `free_ports`."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return different TCP ports that nobody on the loopback interface listens on now, by IPv4 or IPv6.

    Nothing reserves them, and nginx, whose port is taken, waits for it: a test would speak to a stranger's server.
    So tests that run side by side never pick from the same ports; see `_ours`.
    """
    ports: list[int] = []
    for port in _random.sample(_ours(), _TRIES):
        if len(ports) < count and _is_free(port):
            ports.append(port)
    if len(ports) < count:
        raise RuntimeError(f"no {count} free ports among {_TRIES} tried in {_ours()}")
    return ports


def _ours() -> Sequence[int]:
    """Return every n-th candidate, in a pytest process that is one of n side by side (pytest-xdist)."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    place = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return _CANDIDATES[place % processes :: processes]


def _is_free(port: int) -> bool:
    return all(_can_be_bound(family, host, port) for family, host in _LOOPBACKS)


def _can_be_bound(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as probe:
            # As servers do, so that connections of an earlier server that linger in TIME_WAIT do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # nobody listens there without IPv6
    return True


def accepts_connections(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether somebody on the loopback interface takes a connection on this port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
