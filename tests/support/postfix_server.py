"""Debian's Postfix on loopback ports, with a configuration, a queue and mailboxes of its own."""

import asyncio
import os
import pwd
import shutil
import tempfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType

import trustme

from tests.support.ports import LOOPBACK, free_port
from tests.support.process_server import ProcessServer
from tests.support.server_process import ServerProcess
from tests.support.system_packages import POSTFIX

DOMAIN = "example.org"

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
mynetworks = 127.0.0.0/8
local_transport = error:there is no local mail
default_transport = error:nothing leaves this machine
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mailboxes
virtual_mailbox_maps = texthash:{folder}/mailboxes.map
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_tls_security_level = {tls}
smtpd_recipient_restrictions =
    check_recipient_access texthash:{folder}/answers.map {policy} reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class PostfixServer(ProcessServer):
    """Postfix, which takes mail for some mailboxes of one domain; it has to be started by root.

    `answers` are what it says to a recipient instead, `policy_port` where it asks before it takes one.
    """

    start_seconds = 30

    def __init__(
        self,
        mailboxes: tuple[str, ...],
        *,
        answers: dict[str, str] | None = None,
        policy_port: int | None = None,
        requires_tls: bool = False,
        authority: trustme.CA | None = None,
    ) -> None:
        super().__init__()
        self.port = free_port()
        self._mailboxes = mailboxes
        self._answers_to = answers or {}
        self._policy_port = policy_port
        self._requires_tls = requires_tls
        self._authority = authority or trustme.CA()
        # Not below the tests' own folder: Postfix's users have to get through to it.
        self._folder = Path(tempfile.mkdtemp(prefix="postfix-"))

    @staticmethod
    def reason_missing() -> str | None:
        """Return why it cannot run here, or None."""
        return POSTFIX.reason_missing() or (None if os.geteuid() == 0 else "Postfix has to be started by root")

    @property
    def url(self) -> str:
        """`smtp://…`."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def mails(self, mailbox: str) -> list[EmailMessage]:
        """Return what lies in a mailbox, the oldest first."""
        folder = self._folder / "mailboxes" / mailbox / "new"
        files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns) if folder.is_dir() else []
        found = [message_from_bytes(path.read_bytes(), policy=default) for path in files]
        return [each for each in found if isinstance(each, EmailMessage)]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        shutil.rmtree(self._folder)

    async def _prepared(self) -> ServerProcess:
        folder, owner, user = self._folder, pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        folder.chmod(0o755)
        for name, uid in (("queue", 0), ("data", owner.pw_uid), ("mailboxes", user.pw_uid)):
            (folder / name).mkdir()
            os.chown(folder / name, uid, -1)
        (folder / "log").touch()
        certificate = self._authority.issue_cert(LOOPBACK)
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        policy = f"check_policy_service inet:{LOOPBACK}:{self._policy_port}" if self._policy_port else ""
        main = _MAIN.format(
            folder=folder,
            domain=DOMAIN,
            user=user.pw_uid,
            group=user.pw_gid,
            tls="encrypt" if self._requires_tls else "may",
            policy=policy,
        )
        (folder / "main.cf").write_text(main)
        (folder / "master.cf").write_text(_MASTER.format(port=self.port))
        boxes = "".join(f"{name}@{DOMAIN} {name}/\n" for name in self._mailboxes)
        (folder / "mailboxes.map").write_text(boxes)
        (folder / "answers.map").write_text("".join(f"{to} {said}\n" for to, said in self._answers_to.items()))
        command = [str(POSTFIX.required()), "-c", str(folder), "start-fg"]
        return ServerProcess("postfix", command, log=folder / "printed", folder=folder)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        try:
            return (await reader.readline()).startswith(b"220")
        finally:
            writer.close()
