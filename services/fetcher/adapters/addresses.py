"""Which addresses may be reached: public ones, and private networks that the settings allow.

The check is made on the address that is then connected to, so that a name that changes its answer between check and
connection gains nothing.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from shared.errors import TransientError, UserError

IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True)
class AddressRule:
    """Says of an address whether it may be reached."""

    allowed_networks: Sequence[IPv4Network | IPv6Network]

    def allows(self, address: IpAddress) -> bool:
        """Tell whether an address is public or allowed; one that wraps an IPv4 address is judged as that."""
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        judged = mapped or address
        if any(judged.version == network.version and judged in network for network in self.allowed_networks):
            return True
        return judged.is_global and not judged.is_multicast

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be reached, in the resolver's order.

        UserError `host_unknown` or `address_blocked`; TransientError where the resolver cannot be reached.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TransientError(
                    "name_service_unavailable", f"The address of {host} could not be looked up just now."
                ) from error
            raise UserError("host_unknown", f"There is no server called {host}. Check the link.") from error
        except UnicodeError as error:
            raise UserError("host_unknown", "The server's name in the link cannot be one. Check the link.") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [address for address in addresses if self.allows(ip_address(address.partition("%")[0]))]
        if not allowed:
            raise address_blocked(host)
        return allowed


def address_blocked(host: str) -> UserError:
    """Return the error for a host inside a private network."""
    return UserError(
        "address_blocked",
        f"{host} lies in a private network, which imports may not reach. Whoever operates this system can allow it "
        "(CONTACTS_SYNC_FETCHER__ALLOWED_NETWORKS).",
    )
