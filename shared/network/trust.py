"""Whom TLS connections trust: the system's roots, or a given CA alone; there is no way to trust anybody."""

import ssl

from shared.errors import UserError


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


def tls_error_in(error: BaseException) -> ssl.SSLError | None:
    """Return the failure of TLS among an error's causes; None where TLS is not the reason."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _context(ca_certificate: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca_certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
