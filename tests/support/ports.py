"""Free ports on the loopback interface, for servers that cannot pick one themselves."""

import random
import socket

LOOPBACK = "127.0.0.1"

# Below the range from which Linux (from 32768) and macOS (from 49152) take the ports of outgoing connections.
# A client that keeps dialling a dead server's port in that range can end up connected to itself, and then
# the server cannot come back on its port.
_CANDIDATES = range(20_000, 32_768)
_TRIES = 100


def free_port() -> int:
    """Return a TCP port that nobody on the loopback interface listens on now; see `free_ports`."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return different TCP ports that nobody on the loopback interface listens on now.

    Nothing reserves them: between this call and the server's own bind another process could take one. With
    random picks from 12,768 ports that is rare, and the server then says so and fails at once.
    """
    ports: list[int] = []
    for port in random.sample(_CANDIDATES, _TRIES):
        if len(ports) < count and _is_free(port):
            ports.append(port)
    if len(ports) < count:
        raise RuntimeError(f"no {count} free ports among {_TRIES} tried in {_CANDIDATES}")
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do, so that connections of an earlier server that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts_connections(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether somebody on the loopback interface takes a connection on this port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
