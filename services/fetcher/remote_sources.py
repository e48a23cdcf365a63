"""From an event's source to something that can be fetched: the link read, secrets opened, the transport chosen."""

import json
from collections.abc import Mapping
from datetime import datetime

from services.fetcher.domain.patterns import has_dates, with_dates
from services.fetcher.ports import Credentials, EnterStep, FileState, FileTransport
from services.fetcher.remote_fetch import RemoteFetch, no_steps
from services.fetcher.settings import FetcherSettings
from shared.clock import Clock
from shared.errors import UserError
from shared.events.files import Validators
from shared.events.set_up import RemoteSource
from shared.rules.link import Link, parse_link, require_credentials
from shared.sealing import Sealer


class RemoteSources:
    """Knows the transports, and what the settings allow."""

    def __init__(
        self, transports: Mapping[str, FileTransport], sealer: Sealer, clock: Clock, settings: FetcherSettings
    ) -> None:
        self._transports = transports
        self._sealer = sealer
        self._clock = clock
        self._settings = settings

    def fetch(
        self,
        source: RemoteSource,
        moment: datetime,
        *,
        validators: Validators | None = None,
        enter: EnterStep = no_steps,
    ) -> RemoteFetch:
        """Return a fetch of the file that the source means at this moment, a time in the import's zone.

        UserError for a link that cannot be read, credentials that are missing, or `scheme_unsupported`. Validators
        count only for a link that always means the same file.
        """
        link = parse_link(with_dates(source.url, moment))
        credentials = self._credentials(source)
        require_credentials(
            link,
            login=credentials.login,
            has_password=credentials.password is not None,
            has_private_key=credentials.private_key is not None,
        )
        transport = self._transports.get(link.scheme)
        if transport is None:
            raise UserError("scheme_unsupported", f"Files cannot be fetched by {link.scheme}.")
        fixed = link.is_web and not has_dates(source.url)
        known = (
            FileState(etag=validators.etag, last_modified=validators.last_modified) if validators and fixed else None
        )
        return RemoteFetch(transport, link, credentials, self._settings, self._clock, known=known, enter=enter)

    def most_at_once(self, link: Link) -> int:
        """Return how many downloads one host is asked for at once: servers of files have few places for a login."""
        return self._settings.downloads_per_host if link.is_web else self._settings.sessions_per_host

    def _credentials(self, source: RemoteSource) -> Credentials:
        secrets = json.loads(self._sealer.open(source.secrets, "credentials")) if source.secrets else {}
        return Credentials(
            login=source.login,
            password=secrets.get("password"),
            bearer_token=secrets.get("bearer_token"),
            headers=secrets.get("headers") or {},
            private_key=secrets.get("private_key"),
            passphrase=secrets.get("passphrase"),
            host_key=source.host_key,
            ca_certificate=source.ca_certificate,
        )
