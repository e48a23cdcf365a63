"""The programs that tests need from the system, and what to install where one is missing."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

OLDEST_JAVA = 17


@dataclass(frozen=True)
class SystemProgram:
    """A program, the Debian package that has it, and what the tests need it for."""

    names: tuple[str, ...]
    package: str
    purpose: str

    def path(self) -> Path | None:
        """Return where it is, or None; also looks where Debian keeps servers, off a plain user's PATH."""
        folders = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
        found = (shutil.which(name, path=folders) for name in self.names)
        return next((Path(path) for path in found if path), None)

    def required(self) -> Path:
        """Return where it is; raise FileNotFoundError with the remedy where it is missing."""
        path = self.path()
        if path is None:
            raise FileNotFoundError(self.reason_missing())
        return path

    def reason_missing(self) -> str | None:
        """Return why tests that need it cannot run, with the remedy, or None where it is there."""
        if self.path() is None:
            return f"{self.names[0]} is not installed, needed for {self.purpose}: apt-get install {self.package}"
        return None


@dataclass(frozen=True)
class Java(SystemProgram):
    """Java, which also has to be new enough for Kafka 4."""

    def reason_missing(self) -> str | None:
        """Return as for every program; also for a Java that is too old or does not say its version."""
        java = self.path()
        if java is None:
            return super().reason_missing()
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
        version = re.search(r'version "(\d+)', told.stderr + told.stdout)
        if version is None or int(version[1]) < OLDEST_JAVA:
            said = version[1] if version else "of an unknown version"
            return f"java is {said}, {self.purpose} needs {OLDEST_JAVA}: apt-get install {self.package}"
        return None


SSHD = SystemProgram(("sshd",), "openssh-server", "the SFTP tests")
NGINX = SystemProgram(("nginx",), "nginx-light", "the HTTP and HTTPS tests")
VSFTPD = SystemProgram(("vsftpd",), "vsftpd", "the FTP and FTPS tests")
JAVA = Java(("java",), "openjdk-17-jre-headless", "Apache Kafka")
MAVEN = SystemProgram(("mvn",), "maven", "fetching Apache Kafka's jars")
CHROMIUM = SystemProgram(("chromium", "chromium-browser"), "chromium", "the browser tests")
POSTFIX = SystemProgram(("postfix",), "postfix", "the tests of mails")
NEEDED = (SSHD, NGINX, VSFTPD, JAVA, MAVEN, CHROMIUM, POSTFIX)


def reasons_missing(programs: Iterable[SystemProgram] = NEEDED) -> list[str]:
    """Return one reason, with its remedy, for each of the programs that is missing."""
    return [reason for program in programs if (reason := program.reason_missing())]
