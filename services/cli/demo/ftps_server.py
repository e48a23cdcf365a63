"""A file server over FTP with explicit TLS for the demo: one login with a password, and one folder to read from.

`python -m services.cli.demo.ftps_server --folder F --port P --login L --password X` prints one line of JSON,
`{"port": …, "ca_certificate": PEM}`, when it takes connections, and runs until SIGTERM or Ctrl-C. Its certificate is
its own authority, made anew with each start. It listens on the loopback interface only; the demo's password is on the
command line, so it must not be worth anything.
"""

import argparse
import json
import logging
import signal
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

_LOOPBACK = "127.0.0.1"
_MAY_READ = "elr"
_VALID = timedelta(days=30)


def make_certificate(now: datetime) -> tuple[bytes, bytes]:
    """Return a private key and a certificate for the loopback interface that signs itself, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contacts-sync demo")])
    certificate = (
        x509.CertificateBuilder(name, name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(_LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.PEM)


def serve(folder: Path, *, port: int, login: str, password: str) -> None:
    """Serve `folder` as `/` until SIGTERM or SIGINT; `port` 0 takes a free one. Call it from the main thread."""
    authorizer = DummyAuthorizer()
    authorizer.add_user(login, password, str(folder.resolve()), perm=_MAY_READ)
    private, certificate = make_certificate(datetime.now(UTC))
    # The library takes a file only; it reads it when the class is told of it and then no more.
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(private + certificate)
        file.flush()

        class Handler(TLS_FTPHandler):  # type: ignore[misc]  # the library has no types
            certfile = file.name
            tls_control_required = True
            tls_data_required = True

        Handler.authorizer = authorizer
        Handler.ssl_context = Handler.get_ssl_context()
    server = FTPServer((_LOOPBACK, port), Handler)

    def stop(*_signal: object) -> None:
        raise SystemExit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ready = {"port": server.socket.getsockname()[1], "ca_certificate": certificate.decode()}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever(handle_exit=False)
    finally:
        server.close_all()


def main() -> None:
    """Serve as the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--folder", type=Path, required=True, help="what is served, as /")
    arguments.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    arguments.add_argument("--login", required=True)
    arguments.add_argument("--password", required=True)
    given = arguments.parse_args()
    logging.basicConfig(level=logging.WARNING)
    serve(given.folder, port=given.port, login=given.login, password=given.password)


if __name__ == "__main__":
    main()
