"""The syncer's settings."""

from pydantic import BaseModel, Field

from shared.settings import PasswordSettings, PostgresSettings, SecretSettings, ServiceSettings


class SyncerSettings(BaseModel):
    """How much one syncer does at once."""

    batches: int = Field(2, ge=1, description="Batches staged side by side in one process")
    applies: int = Field(2, ge=1, description="Runs planned or applied side by side in one process")


class Settings(ServiceSettings):
    """All the syncer has."""

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    passwords: PasswordSettings = Field(default_factory=PasswordSettings)
    syncer: SyncerSettings = Field(default_factory=SyncerSettings)
