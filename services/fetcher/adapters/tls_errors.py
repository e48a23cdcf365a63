"""What failed TLS means for an import's source."""

import ssl

from shared.errors import UserError
from shared.network.trust import tls_error_in
from shared.rules.link import Link


def tls_refused(error: BaseException, link: Link) -> UserError | None:
    """Return the error for TLS that failed, found among an error's causes; None where TLS is not the reason."""
    match tls_error_in(error):
        case None:
            return None
        case ssl.SSLCertVerificationError() as refused:
            return UserError(
                "certificate_refused",
                f"The certificate of {link.host} is not trusted: {refused.verify_message}. Enter the CA certificate "
                "that signed it, or have the server's certificate mended.",
            )
        case _:
            return UserError("tls_failed", f"{link.host} does not speak TLS as it should on port {link.port}.")
