"""What is to be imported, as the command line says it: a file or a link, its columns, and where they go."""

import gzip
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import UserError
from shared.rules.dialect import Dialect, validate_dialect
from shared.rules.file_text import TextDecoder
from shared.rules.header import read_head
from shared.rules.link import parse_link
from shared.rules.trimming import trim

_HEAD_BYTES: Final = 1 << 20
_DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}


@dataclass(frozen=True)
class Line:
    """A column, by name or by number from 1 without a header, and the field it fills."""

    column: str
    field: str


@dataclass(frozen=True)
class ColumnMapping:
    """All lines, the key's among them, and the key's field."""

    lines: tuple[Line, ...]
    key_field: str


def is_link(text: str) -> bool:
    """Tell a link from a file's path."""
    return "://" in text


def link_name(url: str) -> str:
    """Return the last part of a link's path, or its host; UserError where the link can't be used."""
    try:
        link = parse_link(url)
    except UserError as error:
        if error.code != "link_has_credentials":
            raise
        message = (
            "The link has a login or password in it, which others can see: give --login, and the password with "
            "--password-stdin or as CONTACTS_SYNC_IMPORT_PASSWORD."
        )
        raise UserError(error.code, message, field="source") from error
    return link.path.rstrip("/").rpartition("/")[2] or link.host


def dialect_of(delimiter: str, *, has_header: bool, encoding: str | None) -> Dialect:
    """Return the dialect; the delimiter may be given by name. UserError where no file can be read with it."""
    dialect = Dialect(_DELIMITERS.get(delimiter.lower(), delimiter), has_header=has_header, encoding=encoding)
    validate_dialect(dialect)
    return dialect


def columns_of(path: Path, dialect: Dialect) -> list[str]:
    """Return the names of a file's columns from its first MiB; UserError where it can't be read as text."""
    try:
        data = _first_bytes(path)
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        message = f"{path} is a damaged or encrypted archive. Pack it again."
        raise UserError("archive_corrupt", message, field="source") from error
    except OSError as error:
        message = f"{path} can't be read: {error.strerror}. Give the path of a file, or a link."
        raise UserError("file_unreadable", message, field="source") from error
    decoder = TextDecoder(dialect.encoding)
    text = decoder.feed(data)
    if len(data) < _HEAD_BYTES:
        text += decoder.finish()
    return read_head(text, dialect, encoding=decoder.encoding).names


def _first_bytes(path: Path) -> bytes:
    """Return the first MiB of a file's content, unpacked as the fetcher unpacks it."""
    with path.open("rb") as file:
        mark = file.read(4)
    if mark.startswith(b"\x1f\x8b"):
        with gzip.open(path) as packed:
            return packed.read(_HEAD_BYTES)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                message = f"{path} holds {len(members)} files. Put exactly one into it."
                raise UserError("archive_not_one_file", message, field="source")
            with archive.open(members[0]) as member:
                return member.read(_HEAD_BYTES)
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def map_columns(columns: Sequence[str] | None, chosen: Sequence[str], key: str, *, has_header: bool) -> ColumnMapping:
    """Return where each column goes: those of `chosen` (`COLUMN` or `COLUMN=FIELD`), else all, and the key's always.

    `columns` None: they are not known. UserError `column_missing`, `map_missing`, `field_mapped_twice` or
    `column_mapped_twice`.
    """
    lines = [_line(text, has_header=has_header) for text in chosen]
    if not lines and columns is None:
        message = "The columns of a link are not known here: name those to import with --map COLUMN, one for each."
        raise UserError("map_missing", message, field="map")
    if not lines:
        lines = [_line(name, has_header=has_header, whole=True) for name in columns or ()]
    key_column = trim(key)
    if all(line.column != key_column for line in lines):
        lines.append(_line(key_column, has_header=has_header, whole=True))
    missing = [line.column for line in lines if columns is not None and line.column not in columns]
    if missing:
        message = f"The file has no column {_quoted(missing)}. It has: {_quoted(columns or ())}."
        raise UserError("column_missing", message, field="key" if missing == [key_column] else "map")
    _refuse_twice([line.column for line in lines], "column")
    _refuse_twice([line.field for line in lines], "field")
    return ColumnMapping(tuple(lines), next(line.field for line in lines if line.column == key_column))


def _line(text: str, *, has_header: bool, whole: bool = False) -> Line:
    """Read one line; the last equals sign parts column and field, unless the whole text is the column."""
    column, sign, field = ("", "", "") if whole else text.rpartition("=")
    if not sign:
        column = text
    column, field = trim(column), trim(field)
    return Line(column, field or (column if has_header else f"Column {column}"))


def _refuse_twice(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"The {what} {_quoted(twice)} is named more than once: mapping is one to one."
        raise UserError(f"{what}_mapped_twice", message, field="map")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names[:100]) + (" …" if len(names) > 100 else "")  # noqa: PLR2004 - enough
