import json

import pyarrow as pa
import pytest
from pydantic import ValidationError

from shared.events.row_table import pack_rows, unpack_rows
from shared.events.rows import RowsParsed
from tests.contracts.test_event_samples import SAMPLES

ROWS = pack_rows(pa.table({"line": [2, 3], "unique_id": ["a\nb", "c"]}))
SAMPLE = json.loads((SAMPLES / "contacts-sync.rows.parsed.v2.json").read_text())
EVENT = RowsParsed.model_validate(SAMPLE | {"rows": ROWS})


def test_body_is_a_line_of_json_and_the_rows() -> None:
    line, _, rest = EVENT.as_body().partition(b"\n")
    assert json.loads(line) == SAMPLE
    assert rest == ROWS
    assert RowsParsed.json_of(EVENT.as_body()) == line


def test_body_is_read_again() -> None:
    event = RowsParsed.from_body(EVENT.as_body())
    assert event == EVENT
    assert unpack_rows(event.rows).column("unique_id").to_pylist() == ["a\nb", "c"]


@pytest.mark.parametrize("body", [b"", b"\n", b"{}", b"{}\n" + ROWS, ROWS, b"\xff"])
def test_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        RowsParsed.from_body(body)
