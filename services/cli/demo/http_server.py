"""A file server over HTTP for the demo, with basic auth when a login is given.

`python -m services.cli.demo.http_server --folder F --port P [--login L --password X]` prints one line of
JSON, `{"port": …}`, when it takes connections, and runs until SIGTERM or Ctrl-C. It listens on the loopback
interface only, and lists no folders; the demo's password is on the command line, so it must not be worth
anything.
"""

import argparse
import base64
import binascii
import functools
import hmac
import io
import json
import signal
import sys
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_LOOPBACK = "127.0.0.1"


class FileHandler(SimpleHTTPRequestHandler):
    """Answers GET and HEAD with one folder's files; `credentials` is `login:password`, or None for all."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds a connection may idle, so that a forgotten one does not hold a thread for ever

    def __init__(self, *request: Any, credentials: str | None, directory: str) -> None:  # noqa: ANN401 - the base class's own arguments, passed on
        self._credentials = credentials
        super().__init__(*request, directory=directory)

    def send_head(self) -> Any:  # noqa: ANN401 - the base class's own undeclared type
        """Ask for the login before anything is said about a file."""
        if self._credentials is None or self._is_let_in(self._credentials):
            return super().send_head()
        self.send_response(HTTPStatus.UNAUTHORIZED)
        self.send_header("WWW-Authenticate", 'Basic realm="demo", charset="UTF-8"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def list_directory(self, path: Any) -> io.BytesIO | None:  # noqa: ANN401 - the base class's own undeclared type
        """Say that there is nothing: a folder is not a file."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base class's own signature
        """Say nothing: the demo shows what our side does."""

    def _is_let_in(self, credentials: str) -> bool:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, credentials.encode())


def serve(folder: Path, *, port: int, credentials: str | None) -> None:
    """Serve `folder` until SIGTERM or SIGINT; `port` 0 takes a free one. Call it from the main thread."""
    handler = functools.partial(FileHandler, credentials=credentials, directory=str(folder.resolve()))
    with ThreadingHTTPServer((_LOOPBACK, port), handler) as server:

        def stop(*_signal: object) -> None:
            # `shutdown` waits for the loop that this very thread runs, so it has to be called from another.
            threading.Thread(target=server.shutdown).start()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        sys.stdout.write(json.dumps({"port": server.server_address[1]}) + "\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.1)


def main() -> None:
    """Serve as the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--folder", type=Path, required=True, help="what is served, as /")
    arguments.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    arguments.add_argument("--login")
    arguments.add_argument("--password")
    given = arguments.parse_args()
    if (given.login is None) != (given.password is None):
        arguments.error("give both --login and --password, or neither")
    credentials = None if given.login is None else f"{given.login}:{given.password}"
    serve(given.folder, port=given.port, credentials=credentials)


if __name__ == "__main__":
    main()
