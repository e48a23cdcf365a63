"""The fetcher's settings."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, Field

from shared.settings import ObjectSettings, SecretSettings, ServiceSettings


class FetcherSettings(BaseModel):
    """What the fetcher may reach, and for how long it tries."""

    allowed_networks: list[IPv4Network | IPv6Network] = Field(
        default_factory=list,
        description="Private networks that imports may reach all the same; public addresses always are",
    )
    downloads: int = Field(16, ge=1, description="Downloads at once in one process")
    connect_seconds: float = Field(20.0, gt=0, description="For address, connection, TLS or key exchange, and login")
    idle_seconds: float = Field(60.0, gt=0, description="A server that sends nothing for so long has stalled")
    total_seconds: float = Field(6 * 3600.0, gt=0, description="For one file in all")
    max_bytes: int = Field(10 << 30, ge=1, description="Larger files are refused, unpacked size counts")
    attempts: int = Field(3, ge=1, description="Tries at a file whose server fails for now")
    chunk_bytes: int = Field(8 << 20, ge=1024, description="Chunks end with the first record past this many bytes")


class Settings(ServiceSettings):
    """All the fetcher has: no database."""

    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    fetcher: FetcherSettings = Field(default_factory=FetcherSettings)
