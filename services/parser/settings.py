"""The parser's settings."""

from pydantic import BaseModel, Field

from shared.settings import ObjectSettings, SecretSettings, ServiceSettings


class ParserSettings(BaseModel):
    """How much one parser does at once."""

    chunks: int = Field(
        1, ge=1, description="Chunks parsed side by side in one process; more processes use more of the machine"
    )
    previews: int = Field(2, ge=1, description="Previews read side by side in one process")


class Settings(ServiceSettings):
    """All the parser has: no database."""

    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    secrets: SecretSettings = Field(default_factory=SecretSettings)
    parser: ParserSettings = Field(default_factory=ParserSettings)
