"""What all parts of an import that comes in have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

READ_ONLY = frozenset(
    {
        "id",
        "latest_run",
        "next_run_at",
        "schedule_sentence",
        "next_runs",
        "pause",
        "failures",
        "has_password",
        "has_private_key",
        "has_passphrase",
        "has_bearer_token",
        "header_names",
        "name",
        "bytes",
    }
)
"""Names in an import's document that say something and set nothing."""


class InputPart(BaseModel):
    """A part of an import; unknown names are refused, those that are only read are passed over."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _pass_over(cls, data: Any) -> Any:  # noqa: ANN401 - whatever came in
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in READ_ONLY or name in cls.model_fields}
