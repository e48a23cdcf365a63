import socket

from services.cli.demo.scene import FileServer, stack_environment, wanted_or_any_port


def test_none_of_the_users_settings_reach_the_demo() -> None:
    environment = {
        "PATH": "/bin",
        "CONTACTS_SYNC_POSTGRES__DSN": "postgresql://production/contacts",
        "contacts_sync_kafka__bootstrap_servers": "production:9092",
    }
    assert stack_environment(environment) == {
        "PATH": "/bin",
        "CONTACTS_SYNC_FETCHER__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    }


def test_a_port_that_is_taken_gives_way_to_any() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        assert wanted_or_any_port(port) == 0
    assert wanted_or_any_port(port) == port
    assert wanted_or_any_port(0) == 0


def test_a_servers_password_is_not_shown() -> None:
    assert "canary" not in repr(FileServer("http://127.0.0.1", None, "demo", "canary"))  # type: ignore[arg-type]
