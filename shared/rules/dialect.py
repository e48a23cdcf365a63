"""How a file of rows is written: its delimiter, quote, header and encoding."""

from dataclasses import dataclass
from typing import Final

from shared.errors import UserError
from shared.rules.charset import charset_name, is_single_byte, single_byte_table

MAX_DELIMITER: Final = 8
MAX_SKIPPED_LINES: Final = 1000


@dataclass(frozen=True, slots=True)
class Dialect:
    """The options a file is read with; `encoding` None means: by its byte order mark, else UTF-8.

    The first `skip_lines` physical lines are no part of the table. A line that begins with `comment`, where a row
    would begin, is passed over.
    """

    delimiter: str = ","
    quote: str = '"'
    has_header: bool = True
    encoding: str | None = None
    skip_lines: int = 0
    comment: str | None = None


def usual_delimiter(quote: str, comment: str | None) -> str:
    """Return the most usual delimiter that goes with a quote and a sign of comments."""
    return next(sign for sign in (",", ";", "\t") if sign not in {quote, comment})


def validate_dialect(dialect: Dialect) -> None:
    """Refuse what no file can be read with.

    Raises UserError `delimiter_invalid`, `quote_invalid`, `comment_invalid`, `skip_lines_invalid` or
    `encoding_unknown`.
    """
    quote = dialect.quote
    if len(quote) != 1 or not quote.isascii() or quote in "\r\n\0":
        raise UserError("quote_invalid", "The quote has to be one ASCII character", field="options.quote")
    comment = dialect.comment
    if comment is not None and (len(comment) != 1 or not comment.isascii() or comment in f"\r\n\0{quote}"):
        message = "The sign of a comment has to be one ASCII character, and not the quote"
        raise UserError("comment_invalid", message, field="options.comment")
    if not 0 <= dialect.skip_lines <= MAX_SKIPPED_LINES:
        message = f"The number of lines to skip has to be from 0 to {MAX_SKIPPED_LINES:,}"
        raise UserError("skip_lines_invalid", message, field="options.skip_lines")
    delimiter = dialect.delimiter
    if comment is not None and delimiter.startswith(comment):
        raise _delimiter_error("The delimiter must not begin with the sign of a comment")
    if not 1 <= len(delimiter) <= MAX_DELIMITER:
        raise _delimiter_error(f"The delimiter has to be 1 to {MAX_DELIMITER} characters long")
    if any(character in delimiter for character in ("\r", "\n", "\0", quote)):
        raise _delimiter_error(f"The delimiter must not contain a line end, U+0000 or the quote {quote}")
    if any("\ud800" <= character <= "\udfff" for character in delimiter):
        raise _delimiter_error("The delimiter must not contain half a character (a surrogate)")
    if dialect.encoding is not None:
        name = charset_name(dialect.encoding)
        delimiter_bytes(dialect, name if is_single_byte(name) else "utf-8")


def delimiter_bytes(dialect: Dialect, encoding: str) -> bytes:
    """Return the delimiter as it stands in a file in `encoding` (UTF-8 or a single-byte one).

    Raises UserError `delimiter_invalid` where the encoding lacks one of its characters.
    """
    if charset_name(encoding) == "utf-8":
        return dialect.delimiter.encode()
    places = [single_byte_table(encoding).find(character) for character in dialect.delimiter]
    if min(places) < 0:
        raise _delimiter_error(f"The delimiter has a character that the encoding {encoding} does not have")
    return bytes(places)


def _delimiter_error(message: str) -> UserError:
    return UserError("delimiter_invalid", message, field="options.delimiter")
