"""A file on a server: its link, what it takes to log in, and whom to trust."""

import re

from cryptography import x509

from services.web.forms.credentials import Credentials
from services.web.forms.import_input import RemoteInput
from services.web.forms.input_errors import ErrorList
from services.web.forms.web_headers import check_headers
from shared.events.set_up import RemoteSource
from shared.rules.link import Link, parse_link, require_credentials
from shared.rules.trimming import is_blank, trim
from shared.sealing import Sealer

_TOKEN = re.compile(r"[\x21-\x7e]+")
_HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def checked_remote(wanted: RemoteInput, kept: Credentials, sealer: Sealer, errors: ErrorList) -> RemoteSource:
    """Return what is stored of a remote source; UserError about the link, all else goes to the errors.

    Of the kept credentials each counts where the input does not name it.
    """
    link = parse_link(wanted.url)
    given = wanted.model_fields_set
    given_headers = {name: value.get_secret_value() for name, value in (wanted.headers or {}).items()}
    credentials = Credentials(
        password=_secret(wanted, "password") if "password" in given else kept.password,
        private_key=_secret(wanted, "private_key") if "private_key" in given else kept.private_key,
        passphrase=_secret(wanted, "passphrase") if "passphrase" in given else kept.passphrase,
        bearer_token=_secret(wanted, "bearer_token") if "bearer_token" in given else kept.bearer_token,
        headers=given_headers if "headers" in given else kept.headers,
    )
    login = None if wanted.login is None or is_blank(wanted.login) else wanted.login
    with errors.check():
        require_credentials(
            link,
            login=login,
            has_password=credentials.password is not None,
            has_private_key=credentials.private_key is not None,
        )
    _check_web_credentials(link, login, credentials, errors)
    host_key = trim(wanted.host_key or "") or None
    if host_key is not None and not _HOST_KEY.fullmatch(host_key):
        message = "Give the host key's fingerprint as ssh-keygen -l shows it: SHA256: and 43 characters."
        errors.add("host_key_invalid", message, "source.host_key")
    certificate = trim(wanted.ca_certificate or "") or None
    if certificate is not None and not _is_certificate(certificate):
        message = "This is no certificate: give it in PEM, from -----BEGIN CERTIFICATE----- on."
        errors.add("ca_certificate_invalid", message, "source.ca_certificate")
    return RemoteSource(
        url=trim(wanted.url),
        login=login,
        secrets=credentials.sealed(sealer),
        host_key=host_key,
        ca_certificate=certificate,
    )


def _check_web_credentials(link: Link, login: str | None, credentials: Credentials, errors: ErrorList) -> None:
    if not link.is_web:
        for name in ("bearer_token", "headers"):
            if getattr(credentials, name):
                errors.add("web_only", "This can be used with http and https only.", f"source.{name}")
        return
    check_headers(credentials.headers or {}, errors)
    if credentials.bearer_token and login is not None:
        errors.add("login_and_token", "Give a login or a token, not both.", "source.bearer_token")
    if credentials.bearer_token and not _TOKEN.fullmatch(credentials.bearer_token):
        errors.add("token_invalid", "A token has no spaces, and plain ASCII characters only.", "source.bearer_token")


def same_server(one: str, other: str) -> bool:
    """Tell whether two links lead to the same server, so that what it showed of itself still counts."""
    first, second = parse_link(one), parse_link(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def _secret(wanted: RemoteInput, name: str) -> str | None:
    secret = getattr(wanted, name)
    return (secret.get_secret_value() or None) if secret is not None else None


def _is_certificate(text: str) -> bool:
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return False
    return True
