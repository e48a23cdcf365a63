"""How much a contact may hold."""

from typing import Final

MAX_ROW_BYTES: Final = 512 * 1024
"""The values that a row, or somebody by hand, gives one contact, in UTF-8."""
