"""What tests of transports share: settings that allow the loopback interface, and reading to the end."""

from ipaddress import ip_network

from services.fetcher.ports import OpenFile
from services.fetcher.settings import FetcherSettings

SETTINGS = FetcherSettings(
    allowed_networks=[ip_network("127.0.0.0/8"), ip_network("::1/128")],
    connect_seconds=5,
    idle_seconds=2,
    settle_seconds=0.1,
    growing_seconds=1,
)


async def read_all(opened: OpenFile) -> bytes:
    """Return what an open file holds from where it was opened."""
    return b"".join([block async for block in opened.blocks])
