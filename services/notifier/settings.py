"""The notifier's settings."""

import re
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from shared.network.addresses import AddressRule
from shared.rules.host import canonical_host
from shared.settings import ObjectSettings, PostgresSettings, SecretSettings, ServiceSettings

Tls = Literal["implicit", "required", "offered", "never"]
_STARTTLS: dict[str, Tls] = {"": "required", "required": "required", "offered": "offered", "never": "never"}
_BEFORE_THE_AT = re.compile(r'[^\s"(),:;<>@\[\\\]]{1,64}')
_DEFAULT_PORTS: dict[Tls, int] = {"implicit": 465, "required": 587, "offered": 25, "never": 25}


class MailServer(BaseModel, frozen=True):
    """Where the mail server is, and how it is spoken to."""

    host: str
    port: int
    tls: Tls
    login: str | None = None
    password: SecretStr | None = None

    @classmethod
    def from_url(cls, url: str) -> "MailServer":
        """Read `smtp://login:password@host:port?starttls=…` or `smtps://…`; ValueError, without secrets, if it is none.

        Signs such as `@` and `/` in login and password are percent-encoded.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("is not a URL, or its port is no number up to 65535") from None
        if parts.scheme not in {"smtp", "smtps"} or not host:
            raise ValueError("has to be smtp://host:port or smtps://host:port")
        name = canonical_host(f"[{host}]" if ":" in host else host)
        if name is None:
            raise ValueError("has to name a host: smtp://host:port or smtps://host:port")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("needs both a login and a password, or neither")
        options = parse_qs(parts.query, keep_blank_values=True)
        starttls = options.pop("starttls", ["offered"])[-1]
        if options or parts.path.strip("/") or starttls not in _STARTTLS:
            raise ValueError("may end with ?starttls=required, offered or never, and nothing else")
        tls = "implicit" if parts.scheme == "smtps" else _STARTTLS[starttls]
        return cls(
            host=name,
            port=port or _DEFAULT_PORTS[tls],
            tls=tls,
            login=unquote(parts.username) if parts.username is not None else None,
            password=SecretStr(unquote(parts.password)) if parts.password is not None else None,
        )


class NotifierSettings(BaseModel):
    """How mails go out."""

    smtp_url: SecretStr = Field(
        SecretStr("smtp://127.0.0.1:25"),
        description="`smtp://login:password@host:port`, or `smtps://…` for TLS from the first byte. STARTTLS is used "
        "where the server offers it; `?starttls=required` sends nothing without, `?starttls=never` does not use it. "
        "Certificates are always verified",
    )
    sender: str = Field(
        "contacts-sync <contacts-sync@localhost>", description="Whom mails are from; before the @ ASCII only"
    )
    connections: int = Field(
        4, ge=1, le=8, description="Connections to the mail server that one process has; each sends one mail at a time"
    )
    per_minute: int | None = Field(
        None, ge=1, description="Mails that one process sends a minute at most; empty: as many as the server takes"
    )
    attached_rows: int = Field(
        1000,
        ge=0,
        le=1000,
        description="Rows with errors that are attached to a mail at most, passwords left out, and up to 256 KiB of "
        "them; 0: none. It takes the object store and the secret keys",
    )

    @field_validator("smtp_url")
    @classmethod
    def _is_server(cls, value: SecretStr) -> SecretStr:
        MailServer.from_url(value.get_secret_value())
        return value

    @field_validator("sender")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        local, _, domain = parseaddr(value)[1].rpartition("@")
        host = canonical_host(domain)
        before, found, after = value.rpartition(f"{local}@{domain}")
        is_local_part = local.isascii() and _BEFORE_THE_AT.fullmatch(local)
        if not value.isprintable() or not found or host is None or not is_local_part:
            raise ValueError(
                "has to be an address with ASCII before the @, such as contacts-sync <contacts-sync@example.org>"
            )
        return f"{before}{local}@{host}{after}"

    @property
    def sender_address(self) -> str:
        """Return the address alone of whom mails are from."""
        return parseaddr(self.sender)[1]

    @property
    def server(self) -> MailServer:
        """Return the mail server."""
        return MailServer.from_url(self.smtp_url.get_secret_value())


class WebhookSettings(BaseModel):
    """Which receivers of webhooks may be reached, and how they are waited for."""

    allowed_networks: list[IPv4Network | IPv6Network] = Field(
        default_factory=list,
        description="Private networks that webhooks may reach all the same; public addresses always are",
    )
    timeout_seconds: float = Field(15.0, gt=0, description="For one try in all")
    at_once: int = Field(32, ge=1, description="Webhooks sent for at once in one process, each one message at a time")

    @property
    def addresses(self) -> AddressRule:
        """Return what may be reached."""
        return AddressRule(self.allowed_networks, "CONTACTS_SYNC_WEBHOOKS__ALLOWED_NETWORKS")


class WebAddress(BaseModel):
    """What the notifier knows of the web service."""

    public_url: str | None = Field(
        None,
        pattern="^https?://",
        description="Where people reach the pages; mails link to the run there, or to nothing where it is unset",
    )


class Settings(ServiceSettings):
    """All the notifier has."""

    # A message about a wrong setting would otherwise show the value, and with it the mail server's password.
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    notifier: NotifierSettings = Field(default_factory=NotifierSettings)
    web: WebAddress = Field(default_factory=WebAddress)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
