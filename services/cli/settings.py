"""The settings of the command itself, for looking after the system and for importing through its API."""

from pydantic import BaseModel, Field, SecretStr

from shared.settings import PostgresSettings, SecretSettings, ServiceSettings


class ApiSettings(BaseModel):
    """The HTTP API that `contacts-sync import` calls."""

    url: str = Field("http://127.0.0.1:8080", description="The root of the HTTP API, without `/api/v1`")
    token: SecretStr | None = Field(None, description="An API token; `contacts-sync users token` makes one")


class Settings(ServiceSettings):
    """All that the command has."""

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    import_password: SecretStr | None = Field(
        None, description="The password of the remote server that `contacts-sync import` is given a link to"
    )


def load() -> Settings:
    """Read the command's settings from the environment."""
    return Settings.load()
