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

_NAT64 = IPv6Network("64:ff9b::/96")
_NEVER = (IPv6Network("::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("100::/64"))


@dataclass(frozen=True)
class AddressRule:
    """Says of an address whether it may be reached."""

    allowed_networks: Sequence[IPv4Network | IPv6Network]
    setting: str
    """The setting that names them, for those who read the error."""

    def allows(self, address: IpAddress) -> bool:
        """Tell whether an address is public or allowed; one that wraps an IPv4 address is judged as that."""
        judged = _reached(address)
        for network in self.allowed_networks:
            if any(one is not None and one.version == network.version and one in network for one in (address, judged)):
                return True
        return judged is not None and judged.is_global and not judged.is_multicast

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
            raise self._blocked(host)
        return allowed

    def _blocked(self, host: str) -> UserError:
        return UserError(
            "address_blocked",
            f"{host} lies in a private network, which must not be reached from here. Whoever operates this system "
            f"can allow it ({self.setting}).",
        )


def _reached(address: IpAddress) -> IpAddress | None:
    """Return the IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4), else itself; None: never public."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None if address.is_site_local or any(address in network for network in _NEVER) else address
