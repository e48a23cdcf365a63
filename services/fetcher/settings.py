"""The fetcher's settings."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, Field

from shared.network.addresses import AddressRule
from shared.settings import ObjectSettings, SecretSettings, ServiceSettings


class FetcherSettings(BaseModel):
    """What the fetcher may reach, and for how long it tries."""

    allowed_networks: list[IPv4Network | IPv6Network] = Field(
        default_factory=list,
        description="Private networks that imports may reach all the same; public addresses always are",
    )
    downloads: int = Field(512, ge=1, description="Downloads at once in one process")
    downloads_per_host: int = Field(256, ge=1, description="Of these from one host by http or https")
    sessions_per_host: int = Field(8, ge=1, description="Of these from one host by ftp, ftps, ftpsi or sftp")
    connect_seconds: float = Field(20.0, gt=0, description="For address, connection, TLS or key exchange, and login")
    idle_seconds: float = Field(60.0, gt=0, description="A server that sends nothing for so long has stalled")
    total_seconds: float = Field(6 * 3600.0, gt=0, description="For one file in all")
    settle_seconds: float = Field(
        1.0, gt=0, description="A file written to within this time is looked at again after it, before it is read"
    )
    growing_seconds: float = Field(120.0, ge=0, description="How long a file that is being written to is waited for")
    max_bytes: int = Field(10 << 30, ge=1, description="Larger files are refused, unpacked size counts")
    max_unpacked_ratio: int = Field(
        500, ge=1, description="An archive past 64 MiB of content that is this many times its size is taken for a bomb"
    )
    attempts: int = Field(5, ge=1, description="Tries at a file whose server fails for now, without any progress")
    chunk_bytes: int = Field(8 << 20, ge=1024, description="Chunks end with the first record past this many bytes")

    @property
    def addresses(self) -> AddressRule:
        """Return what may be reached."""
        return AddressRule(self.allowed_networks, "CONTACTS_SYNC_FETCHER__ALLOWED_NETWORKS")


class Settings(ServiceSettings):
    """All the fetcher has: no database."""

    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    fetcher: FetcherSettings = Field(default_factory=FetcherSettings)
