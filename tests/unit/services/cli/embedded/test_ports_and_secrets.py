"""Ports that can and can't be had, and secrets that stay."""

import base64
import json
import socket
import stat
from pathlib import Path

import pytest

from services.cli.embedded.ports import claimable_port, free_port
from services.cli.embedded.secret_files import StackSecrets
from shared.errors import UserError


def test_no_port_is_given_twice_and_programs_may_listen_on_theirs() -> None:
    ports = [free_port() for _ in range(100)] + [claimable_port("127.0.0.1", 0) for _ in range(100)]
    assert len(set(ports)) == 200
    for port in ports[::20]:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_free_port_is_taken_as_asked_and_zero_chooses_one() -> None:
    port = free_port()
    assert claimable_port("127.0.0.1", port) == port
    assert claimable_port("127.0.0.1", 0) > 0


@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_another_listens_on_is_taken(listening: str) -> None:
    with (
        socket.create_server((listening, 0)) as server,
        pytest.raises(UserError, match="--port") as raised,
    ):
        claimable_port("127.0.0.1", server.getsockname()[1])
    assert raised.value.code == "port_taken"


@pytest.mark.parametrize(
    ("host", "port", "code"),
    [
        ("127.0.0.1", 65536, "port_unusable"),
        ("127.0.0.1", -1, "port_unusable"),
        ("192.0.2.1", 0, "host_unusable"),
    ],
)
def test_what_can_never_be_listened_on_is_said(host: str, port: int, code: str) -> None:
    with pytest.raises(UserError) as raised:
        claimable_port(host, port)
    assert raised.value.code == code


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = StackSecrets.kept_in(tmp_path / "one")
    assert StackSecrets.kept_in(tmp_path / "one") == first
    other = StackSecrets.kept_in(tmp_path / "two")
    assert not {first.api_token, first.admin_password} & {other.api_token, other.admin_password}
    (key,) = json.loads(first.sealing_keys)
    assert len(base64.b64decode(key, validate=True)) == 32
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "one").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
    assert len(list((tmp_path / "one").iterdir())) == 3


def test_a_write_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "api_token.new").write_text("half")
    assert len(StackSecrets.kept_in(tmp_path).api_token) == 43
    assert not (tmp_path / "api_token.new").exists()
