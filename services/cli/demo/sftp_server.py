"""An SFTP server for the demo: one login with a password, and one folder as its whole world.

`python -m services.cli.demo.sftp_server --folder F --port P --login L --password X` prints one line of JSON,
`{"port": …, "host_key": "SHA256:…"}`, when it takes connections, and runs until SIGTERM or Ctrl-C. It listens
on the loopback interface only; the demo's password is on the command line, so it must not be worth anything.
"""

import argparse
import asyncio
import hmac
import json
import os
import signal
import sys
from pathlib import Path

import asyncssh

_LOOPBACK = "127.0.0.1"


class _OneLogin(asyncssh.SSHServer):
    """Lets in whoever has the one login and password, and nobody else."""

    def __init__(self, login: str, password: str) -> None:
        self._login = login
        self._password = password

    def begin_auth(self, username: str) -> bool:
        """Every login has to prove itself; an unknown one is told so only after its password."""
        del username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        right_login = hmac.compare_digest(username.encode(), self._login.encode())
        right_password = hmac.compare_digest(password.encode(), self._password.encode())
        return right_login and right_password


def host_key(file: Path | None) -> asyncssh.SSHKey:
    """Return the private key in `file`, made and kept there when absent; without a file, a fresh key."""
    if file is not None and file.exists():
        return asyncssh.read_private_key(file)
    key = asyncssh.generate_private_key("ssh-ed25519")
    if file is not None:
        # Made with its final mode: it is never readable by others, not even for a moment.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as kept:
            kept.write(key.export_private_key())
    return key


async def serve(folder: Path, *, port: int, login: str, password: str, key: asyncssh.SSHKey) -> None:
    """Serve `folder` as `/` until SIGTERM or SIGINT; `port` 0 takes a free one."""

    def chrooted(connection: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(connection, chroot=os.fsencode(folder.resolve()))

    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await asyncssh.listen(
        _LOOPBACK,
        port,
        config=None,  # the settings of the machine's own OpenSSH are not ours
        server_host_keys=[key],
        server_factory=lambda: _OneLogin(login, password),
        sftp_factory=chrooted,
        allow_scp=False,
    )
    async with server:
        ready = {"port": server.get_port(), "host_key": key.get_fingerprint()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    """Serve as the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--folder", type=Path, required=True, help="what is served, as /")
    arguments.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    arguments.add_argument("--login", required=True)
    arguments.add_argument("--password", required=True)
    arguments.add_argument("--host-key-file", type=Path, help="keeps the host key from start to start")
    given = arguments.parse_args()
    key = host_key(given.host_key_file)
    asyncio.run(serve(given.folder, port=given.port, login=given.login, password=given.password, key=key))


if __name__ == "__main__":
    main()
