"""The grammar of a file's records as patterns on bytes, the same that `shared.rules.records` reads."""

import re
from dataclasses import dataclass

from shared.rules.charset import charset_name, is_single_byte, single_byte_table
from shared.rules.dialect import Dialect, delimiter_bytes


@dataclass(frozen=True, slots=True)
class Grammar:
    """Patterns for one dialect and encoding.

    `records` matches as many whole records as there are, with their line ends; `stop` what ends a cell that
    is not in quotes, or no longer. Both take a CR at the end of their bytes for a whole line end. `cells`,
    for delimiters of one byte, matches from inside such a cell to the end of the last of its record that is
    surely whole. `translation`, where there is one, has to be applied to the bytes before.
    """

    records: re.Pattern[bytes]
    cells: re.Pattern[bytes] | None
    stop: re.Pattern[bytes]
    delimiter: bytes
    quote: bytes
    comment: bytes | None
    translation: bytes | None


def grammar_of(dialect: Dialect, encoding: str) -> Grammar:
    """Return the grammar for a valid dialect, in UTF-8 or a single-byte encoding."""
    name = charset_name(encoding)
    delimiter, quote = delimiter_bytes(dialect, name), dialect.quote.encode("ascii")
    comment = dialect.comment.encode("ascii") if dialect.comment else None
    translation = None
    if is_single_byte(name):
        codes, translation = _codes(
            dialect.delimiter + dialect.quote + (dialect.comment or ""), single_byte_table(name)
        )
        delimiter = bytes(codes[character] for character in dialect.delimiter)
        quote = bytes([codes[dialect.quote]])
        comment = bytes([codes[dialect.comment]]) if dialect.comment else None
    record = _record(delimiter, quote)
    if comment is not None:
        record = rb"%b[^\r\n]*+(?:\r\n?|\n)|(?!%b)%b" % (re.escape(comment), re.escape(comment), record)
    return Grammar(
        records=re.compile(rb"(?:%b)*+" % record),
        cells=re.compile(_cells(delimiter, quote)) if len(delimiter) == 1 else None,
        stop=re.compile(rb"%b|\r\n?|\n" % re.escape(delimiter)),
        delimiter=delimiter,
        quote=quote,
        comment=comment,
        translation=translation,
    )


# Possessive throughout, so that neither time nor memory grows with what is matched.


def _text(delimiter: bytes) -> bytes:
    first, rest = re.escape(delimiter[:1]), re.escape(delimiter[1:])
    return rb"(?:[^%b\r\n]++|%b(?!%b))*+" % (first, first, rest) if rest else rb"[^%b\r\n]*+" % first


def _quoted(quote: bytes) -> bytes:
    return rb"%b[^%b]*+(?:%b%b[^%b]*+)*+%b" % ((re.escape(quote),) * 6)


def _record(delimiter: bytes, quote: bytes) -> bytes:
    cell = rb"(?:%b|(?!%b))%b" % (_quoted(quote), re.escape(quote), _text(delimiter))
    return rb"%b(?:%b%b)*+(?:\r\n?|\n)" % (cell, re.escape(delimiter), cell)


def _cells(delimiter: bytes, quote: bytes) -> bytes:
    # What follows a delimiter or a closing quote has to be there, or it could be a quote.
    text, no_quote = _text(delimiter), rb"(?=[^%b])" % re.escape(quote)
    following = rb"%b(?:%b)?+%b%b" % (re.escape(delimiter), _quoted(quote), no_quote, text)
    return rb"%b(?:%b)*+" % (text, following)


def _codes(special: str, meanings: str) -> tuple[dict[str, int], bytes | None]:
    """Return a byte for each special character, and the translation that makes it so, if needed.

    Needed where line ends are not those of ASCII, as in EBCDIC, or where a character has several bytes or
    none, as in some encodings of the Macintosh. All other bytes then become zero.
    """
    codes = {character: meanings.find(character) for character in "\r\n" + special}
    as_in_ascii = codes["\r"] == ord("\r") and codes["\n"] == ord("\n")
    if as_in_ascii and all(meanings.count(character) == 1 for character in codes):
        return codes, None
    codes = {character: code for code, character in enumerate(codes, start=0x80)}
    codes |= {"\r": ord("\r"), "\n": ord("\n")}
    return codes, bytes(codes.get(meaning, 0) for meaning in meanings)
