"""The scheduler's settings."""

from pydantic import BaseModel, Field

from shared.settings import PostgresSettings, ServiceSettings


class SchedulerSettings(BaseModel):
    """How runs are started and watched."""

    most_attempts: int = Field(10, ge=1, description="A run that fell silent so often fails")
    claims: int = Field(500, ge=1, description="Queued runs or due schedules taken up in one transaction")
    runs_of_manager: int = Field(
        32,
        ge=1,
        description="Runs of one contact manager under way, past which its scheduled ones wait, so that other managers "
        "get their turn; those asked for by hand or by a program have as many places again",
    )
    run_hours: float = Field(24.0, gt=0, description="A run that has not begun to apply after so long fails")


class Settings(ServiceSettings):
    """All the scheduler has."""

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    scheduler: SchedulerSettings = Field(default_factory=SchedulerSettings)
