"""What a service is told, and what it must not be."""

import pytest

from services.cli.embedded.environment import Surroundings, service_environment, user_setting

AROUND = Surroundings(
    postgres_dsn="postgresql://ours",
    bootstrap_servers="127.0.0.1:1",
    embedded_broker=True,
    objects_url="file:///data/objects",
    sealing_keys='["a2V5"]',
    public_url="http://127.0.0.1:8080",
    smtp_url="smtp://127.0.0.1:2",
    mail_url="http://127.0.0.1:3/",
)


def told(service: str, **base: str) -> dict[str, str]:
    return service_environment(base, AROUND, service=service, health_port=4, web=("127.0.0.1", 8080))


def test_all_that_a_service_needs_is_there() -> None:
    assert told("syncer", PATH="/bin") == {
        "PATH": "/bin",
        "CONTACTS_SYNC_POSTGRES__DSN": "postgresql://ours",
        "CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "CONTACTS_SYNC_KAFKA__EMBEDDED": "true",
        "CONTACTS_SYNC_OBJECTS__URL": "file:///data/objects",
        "CONTACTS_SYNC_SECRETS__KEYS": '["a2V5"]',
        "CONTACTS_SYNC_NOTIFIER__SMTP_URL": "smtp://127.0.0.1:2",
        "CONTACTS_SYNC_WEB__HOST": "127.0.0.1",
        "CONTACTS_SYNC_WEB__PORT": "8080",
        "CONTACTS_SYNC_WEB__PUBLIC_URL": "http://127.0.0.1:8080",
        "CONTACTS_SYNC_WEB__MAIL_URL": "http://127.0.0.1:3/",
        "CONTACTS_SYNC_HEALTH__HOST": "127.0.0.1",
        "CONTACTS_SYNC_HEALTH__PORT": "4",
    }


@pytest.mark.parametrize("service", ["fetcher", "parser"])
def test_fetcher_and_parser_are_told_no_database(service: str) -> None:
    environment = told(
        service,
        CONTACTS_SYNC_POSTGRES__DSN="postgresql://user",
        contacts_sync_postgres__dsn="postgresql://user",
        CONTACTS_SYNC_POSTGRES='{"dsn": "postgresql://user"}',
        CONTACTS_SYNC_POSTGRES__POOL_SIZE="3",
    )
    assert not [name for name in environment if "POSTGRES" in name.upper()]
    assert "postgresql://" not in str(environment)


def test_a_setting_of_the_users_in_another_case_does_not_stand_beside_ours() -> None:
    environment = told("web", contacts_sync_health__port="99", contacts_sync_kafka__embedded="false")
    assert environment["CONTACTS_SYNC_HEALTH__PORT"] == "4"
    assert not [name for name in environment if name.startswith("contacts")]


def test_what_the_user_may_decide_stands() -> None:
    own = {
        "CONTACTS_SYNC_OBJECTS__URL": "s3://bucket",
        "CONTACTS_SYNC_SECRETS__KEYS": '["b3du"]',
        "CONTACTS_SYNC_WEB__PUBLIC_URL": "https://contacts.example",
        "CONTACTS_SYNC_NOTIFIER__SMTP_URL": "smtp://mail.example",
        "CONTACTS_SYNC_FETCHER__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }
    environment = told("web", **own)
    assert {name: environment[name] for name in own} == own


def test_an_empty_setting_counts_as_none() -> None:
    assert user_setting({"CONTACTS_SYNC_POSTGRES__DSN": ""}, "CONTACTS_SYNC_POSTGRES__DSN") is None
    assert user_setting({"contacts_sync_postgres__dsn": "x"}, "CONTACTS_SYNC_POSTGRES__DSN") == "x"
