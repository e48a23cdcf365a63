"""A preview as it is asked for: a source, and what is known already of how it is read and mapped."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.web.forms.import_input import MappingInput, OptionsInput, RemoteInput, UploadInput
from services.web.forms.input_part import InputPart
from services.web.forms.text import Text
from shared.events.previews import PreviewChoices
from shared.rules.dialect import Dialect, usual_delimiter, validate_dialect
from shared.rules.kinds import Notation, validate_notation


class PreviewOptionsInput(InputPart):
    """How the file is read, so far as it is known: what is left out or null is detected.

    An import's other options may stand here too, and play no part.
    """

    has_header: bool | None = None
    delimiter: Text | None = None
    quote: Text | None = None
    skip_lines: int | None = None
    comment: Text | None = None
    encoding: Text | None = None
    trim: bool = True
    phone_region: Text | None = None
    decimal_separator: Text = "."
    date_format: Annotated[Text, Field(max_length=100)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _pass_over_other_options(cls, data: Any) -> Any:  # noqa: ANN401 - whatever came in
        if not isinstance(data, dict):
            return data
        return {
            name: value
            for name, value in data.items()
            if name in cls.model_fields or name not in OptionsInput.model_fields
        }

    def check(self) -> None:
        """Refuse what no file can be read with; UserError as of an import's options."""
        quote = '"' if self.quote is None else self.quote
        validate_dialect(
            Dialect(
                delimiter=usual_delimiter(quote, self.comment) if self.delimiter is None else self.delimiter,
                quote=quote,
                encoding=self.encoding,
                skip_lines=self.skip_lines or 0,
                comment=self.comment,
            )
        )
        validate_notation(Notation(self.phone_region, self.decimal_separator, self.date_format or "%Y-%m-%d"))

    def choices(self, password_columns: list[str]) -> PreviewChoices:
        """Return them as the event has them."""
        return PreviewChoices(**self.model_dump(), password_columns=password_columns)


class PreviewInput(BaseModel):
    """What is to be shown; with a manager, a mapping to its fields is proposed.

    `mapping` is what is mapped already: columns of passwords are hidden. `import_id` names the import that is
    edited: its secrets count where none are entered, as long as the link leads to the same server.
    """

    model_config = ConfigDict(extra="forbid")

    source: Annotated[RemoteInput | UploadInput, Field(discriminator="kind")]
    options: PreviewOptionsInput = PreviewOptionsInput()
    manager_id: UUID | None = None
    mapping: Annotated[list[MappingInput], Field(max_length=1000)] = []
    import_id: UUID | None = None
    time_zone: str = Field("UTC", description="For dates in the link")
