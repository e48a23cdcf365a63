from ipaddress import ip_address, ip_network

import pytest

from shared.network.addresses import AddressRule

PUBLIC = AddressRule([], "A_SETTING")
LOOPBACK = AddressRule([ip_network("127.0.0.0/8"), ip_network("::1/128")], "A_SETTING")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "100::1", "2001:db8::1"),
    ],
)
def test_private_addresses_are_blocked_however_they_are_written(address: str) -> None:
    assert not PUBLIC.allows(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert PUBLIC.allows(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_networks_can_be_allowed(address: str) -> None:
    assert LOOPBACK.allows(ip_address(address))
    assert not LOOPBACK.allows(ip_address("10.0.0.1"))
