"""The settings of the web service."""

from pydantic import BaseModel, Field

from shared.settings import ObjectSettings, PasswordSettings, PostgresSettings, SecretSettings, ServiceSettings


class WebSettings(BaseModel):
    """The public port and what may come in through it."""

    host: str = Field("127.0.0.1", description="Address the pages and the API listen on")
    port: int = Field(8080, ge=0, le=65535, description="The public port")
    public_url: str = Field(
        "http://127.0.0.1:8080", description="The root as browsers see it; with https, cookies are sent over https only"
    )
    mail_url: str | None = Field(None, description="Where the local mail sink shows its mails; null: no link to it")
    max_upload_bytes: int = Field(10 * 1024**3, ge=1, description="The largest file that may be uploaded")
    max_body_bytes: int = Field(4 * 1024**2, ge=1, description="The largest request that is no upload")
    portal_attempts: int = Field(
        10, ge=1, description="Wrong passwords that may be tried for one contact within a minute, in each process"
    )
    sign_in_attempts: int = Field(
        10, ge=1, description="Wrong passwords that may be tried for one login within a minute, in each process"
    )
    sign_in_attempts_per_address: int = Field(
        60, ge=1, description="Sign-ins that may be tried from one address within a minute, in each process"
    )
    session_hours: float = Field(12.0, gt=0, description="How long a sign-in lasts")


class Settings(ServiceSettings):
    """All that the web service is told."""

    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    passwords: PasswordSettings = Field(default_factory=PasswordSettings)
    web: WebSettings = Field(default_factory=WebSettings)
