"""Whom TLS connections trust: the system's roots, or the import's own CA alone; there is no way to trust anybody."""

import ssl

from shared.errors import UserError
from shared.rules.link import Link


class Trust:
    """Makes the contexts for connections; reading the system's roots takes long enough to be done once only."""

    def __init__(self) -> None:
        self._system: ssl.SSLContext | None = None

    def context(self, ca_certificate: str | None) -> ssl.SSLContext:
        """Return a context that verifies names and chains, TLS 1.2 or later; UserError `ca_certificate_invalid`."""
        if ca_certificate is None:
            self._system = self._system or _context()
            return self._system
        try:
            return _context(ca_certificate)
        except (ssl.SSLError, ValueError) as error:
            raise UserError("ca_certificate_invalid", "The CA certificate is not valid PEM.") from error


def _context(ca_certificate: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca_certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def tls_refused(error: BaseException, link: Link) -> UserError | None:
    """Return the error for TLS that failed, found among an error's causes; None where TLS is not the reason."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UserError(
                "certificate_refused",
                f"The certificate of {link.host} is not trusted: {cause.verify_message}. Enter the CA certificate "
                "that signed it, or have the server's certificate mended.",
            )
        if isinstance(cause, ssl.SSLError):
            return UserError("tls_failed", f"{link.host} does not speak TLS as it should on port {link.port}.")
        cause = cause.__cause__ or cause.__context__
    return None
