"""What a person reads when a command fails."""

import binascii

import asyncpg
import pytest
import typer
from aiokafka.errors import KafkaConnectionError
from pydantic_settings import SettingsError

from services.cli.failure import explained, told
from services.cli.settings import load
from shared.errors import TransientError, UserError


def status_of(error: Exception) -> int:
    with pytest.raises(typer.Exit) as ended, told():
        raise error
    return ended.value.exit_code


def test_a_mistake_is_usage_and_a_fault_is_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(UserError("login_missing", "Give a login.")) == 2
    assert status_of(TransientError("away", "Try later.")) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines() == ["Give a login. (login_missing)", "Try later. (away)"]
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (asyncpg.UndefinedTableError("no table"), "schema_missing"),
        (asyncpg.InvalidPasswordError("no entry"), "database_login_refused"),
        (asyncpg.InvalidCatalogNameError("no database"), "database_missing"),
        (asyncpg.TooManyConnectionsError("full"), "database_unavailable"),
        (asyncpg.InterfaceError("closed"), "database_unavailable"),
        (asyncpg.exceptions.ClientConfigurationError("bad"), "database_address_invalid"),
        (KafkaConnectionError("gone"), "broker_unavailable"),
        (ConnectionRefusedError(111, "refused"), "connection_failed"),
        (PermissionError(13, "Permission denied"), "system_refused"),
        (SettingsError("kafka"), "settings_invalid"),
        (binascii.Error("Incorrect padding"), "secret_keys_invalid"),
    ],
)
def test_each_error_says_what_it_means(error: Exception, code: str) -> None:
    known = explained(error)
    assert known is not None
    assert known.code == code


def test_an_error_that_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), told():
        raise ZeroDivisionError


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONTACTS_SYNC_KAFKA__PARTITIONS", "canary-value")
    with pytest.raises(typer.Exit) as ended, told():
        load()
    shown = capsys.readouterr().err
    assert ended.value.exit_code == 2
    assert "CONTACTS_SYNC_KAFKA__PARTITIONS" in shown
    assert "canary-value" not in shown
