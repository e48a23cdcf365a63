import pytest
from pydantic import ValidationError

from services.notifier.settings import MailServer, Settings

URL = "CONTACTS_SYNC_NOTIFIER__SMTP_URL"


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example", 25, "offered"),
        ("smtp://mail.example?starttls", 587, "required"),
        ("smtp://mail.example:2525/?starttls=required", 2525, "required"),
        ("smtp://mail.example:25?starttls=never", 25, "never"),
        ("smtps://mail.example", 465, "implicit"),
    ],
)
def test_ways_to_speak_to_a_server(url: str, port: int, tls: str) -> None:
    server = MailServer.from_url(url)
    assert (server.host, server.port, server.tls, server.login) == ("mail.example", port, tls, None)


def test_login_and_password_may_hold_any_sign() -> None:
    server = MailServer.from_url("smtp://me%40example.org:p%2F%3A%C3%A9@mail.example:587")
    assert server.login == "me@example.org"
    assert server.password is not None
    assert server.password.get_secret_value() == "p/:é"


@pytest.mark.parametrize(
    "url",
    [
        *("", "mail.example", "http://h", "smtp://", "smtp://h:99999", "smtp://u@h", "smtp://h?x=1"),
        *("smtp://h?starttls=no", "smtp://mail..example.org:25", "smtp://mail example.org", "smtps://-mail.example"),
    ],
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp|login|URL|starttls"):
        MailServer.from_url(url)


def test_settings_come_from_the_environment_and_errors_do_not_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTS_SYNC_WEB__PUBLIC_URL", "https://contacts.example")
    monkeypatch.setenv(URL, "smtp://me:canary@mail.example")
    settings = Settings()
    assert settings.web.public_url == "https://contacts.example"
    assert settings.notifier.server.login == "me"
    assert "canary" not in repr(settings)
    assert "canary" not in repr(settings.notifier.server)
    monkeypatch.setenv(URL, "smtp://me:canary@mail.example:port")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "port" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "sender",
    [
        *("nobody", "a@example.org\nBcc: b@example.org", "@example.org", ""),
        *("käse@example.org", "a@mail..example.org", "a b@example.org"),
    ],
)
def test_a_sender_has_an_address(sender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTS_SYNC_NOTIFIER__SENDER", sender)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("sender", "wanted"),
    [
        ("cs@exämple.org", "cs@xn--exmple-cua.org"),
        (
            "Käse <cs@exämple.org>",
            "Käse <cs@xn--exmple-cua.org>",
        ),
        ("contacts-sync <contacts-sync@localhost>", "contacts-sync <contacts-sync@localhost>"),
    ],
)
def test_a_senders_domain_goes_over_the_wire(sender: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTS_SYNC_NOTIFIER__SENDER", sender)
    assert Settings().notifier.sender == wanted


def test_a_mail_servers_name_goes_over_the_wire() -> None:
    assert MailServer.from_url("smtp://mäil.example").host == "xn--mil-qla.example"
    assert MailServer.from_url("smtp://[::1]:25").host == "::1"
