"""The scheduler's settings."""

from pydantic import BaseModel, Field

from shared.settings import PostgresSettings, ServiceSettings


class SchedulerSettings(BaseModel):
    """How runs are started and watched."""

    most_attempts: int = Field(10, ge=1, description="A run that fell silent so often fails")
    claims: int = Field(50, ge=1, description="Queued runs or due schedules taken up in one transaction")


class Settings(ServiceSettings):
    """All the scheduler has."""

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    scheduler: SchedulerSettings = Field(default_factory=SchedulerSettings)
