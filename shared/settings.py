"""Settings that more than one service has; each service composes its own from these groups.

Read once from the environment: prefix `CONTACTS_SYNC_`, nested by `__`; or from files named like the variables in
the folder `CONTACTS_SYNC_SECRETS_DIR`.
"""

import os
from typing import Self

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)


class KafkaSettings(BaseModel):
    """The broker."""

    bootstrap_servers: str = Field("127.0.0.1:9092", description="`host:port` of the broker, several by commas")
    embedded: bool = Field(
        default=False,
        description="The embedded broker is in use: no idempotent producer, and it answers a waiting fetch only at "
        "the end of its wait, so waits are short",
    )
    partitions: int = Field(6, ge=1, description="Partitions of each topic that is made by `topics` or `up`")
    replication_factor: int = Field(1, ge=1, description="Copies of each partition when topics are made")
    session_timeout_seconds: float = Field(10.0, gt=0, description="After this silence a consumer's share moves on")
    max_poll_seconds: float = Field(
        900.0, gt=0, description="A consumer that handles one record for longer than this loses its share"
    )


class PostgresSettings(BaseModel):
    """The database; only services that own tables have it."""

    dsn: SecretStr = Field(
        SecretStr("postgresql://postgres@127.0.0.1:5432/contacts_sync"), description="Where Postgres is"
    )
    pool_size: int = Field(10, ge=2, description="Connections a process holds at most")


class ObjectSettings(BaseModel):
    """The object store that file bytes lie in, sealed."""

    url: str = Field("file:///var/lib/contacts-sync/objects", description="`file:///folder`, `s3://bucket/prefix`, …")


class SecretSettings(BaseModel):
    """Keys that seal credentials, passwords and stored files."""

    keys: list[SecretStr] = Field(
        default_factory=list,
        description="Base64 keys of 32 bytes; the first seals, all of them open",
    )


class PasswordSettings(BaseModel):
    """How contacts' passwords are hashed (argon2id); hashes made before keep their own parameters."""

    memory_kib: int = Field(19 * 1024, ge=8, description="Memory of one hash, in KiB")
    passes: int = Field(2, ge=1, description="Passes over that memory")
    lanes: int = Field(1, ge=1, description="Threads of one hash")
    at_once: int = Field(2, ge=1, description="Hashes made at once in one process")


class HealthSettings(BaseModel):
    """The internal port that answers `/livez`, `/readyz` and `/metrics`."""

    host: str = Field("127.0.0.1", description="Address the internal port listens on")
    port: int = Field(8081, ge=0, le=65535, description="The internal port")


class ServiceSettings(BaseSettings):
    """What every service has."""

    model_config = SettingsConfigDict(
        env_prefix="CONTACTS_SYNC_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
    )

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment first, then, where a folder of secret files is named, those."""
        del settings_cls, dotenv_settings
        folder = os.environ.get("CONTACTS_SYNC_SECRETS_DIR")
        if not folder:
            return init_settings, env_settings
        files = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=folder,
            secrets_prefix="CONTACTS_SYNC_",
            secrets_nested_delimiter="__",
        )
        return init_settings, env_settings, files

    @classmethod
    def load(cls) -> Self:
        """Read the settings as they are now."""
        return cls()
