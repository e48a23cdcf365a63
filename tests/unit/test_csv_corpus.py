"""The cases of other CSV engines: as theirs, or otherwise for a reason that the docs name."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.rules.dialect import Dialect
from shared.rules.kinds import Kind
from shared.rules.mapping import MappedColumn, ParsePlan
from shared.rules.records import read_records
from tests.support.both_roads import assert_alike, without_header
from tests.support.whole_chain import read_whole

CORPUS = Path(__file__).parents[1] / "corpus"
DOCS = Path(__file__).parents[2] / "docs" / "csv.md"
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (CORPUS / "csv_cases.jsonl").read_text(encoding="ascii").splitlines()
]
THIRD_PARTIES = 100


def filled(records: list[list[str]]) -> list[list[str]]:
    return [record for record in records if record not in ([], [""])]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['source'].split()[0]}-{case['name']}")
@pytest.mark.parametrize("chunk_bytes", [1, 7, 1 << 20])
def test_case(case: dict[str, Any], chunk_bytes: int) -> None:
    dialect = Dialect(case.get("delimiter", ","), case.get("quote", '"'), comment=case.get("comment"))
    read = read_whole(case["input"].encode(), dialect, chunk_bytes=chunk_bytes)
    if "why" in case:
        assert read == case["ours"] != case["theirs"]
    else:
        assert isinstance(read, list)
        assert filled(read) == filled(case["theirs"])


def test_both_roads_read_the_cases_alike() -> None:
    """Nearly all blocks of a run are read by the fast road, which the cases above do not go."""
    fast = 0
    for case in CASES:
        data = case["input"].encode()
        dialect = Dialect(case.get("delimiter", ","), case.get("quote", '"'), comment=case.get("comment"))
        records = read_records(data, dialect, encoding="utf-8", first_line=1)
        width = next((len(record.cells) for record in records if record.cells), 1)
        columns = tuple(MappedColumn(str(place), place, Kind.TEXT) for place in range(1, width + 1))
        for plan in (ParsePlan(columns, None), ParsePlan(columns[1:], columns[0])):
            fast += assert_alike(data, plan, dialect, without_header(width))
    assert fast > len(CASES)


def test_there_are_enough_and_all_sources_and_reasons_are_named() -> None:
    sources = Counter(case["source"].split()[0] for case in CASES)
    assert sum(count for source, count in sources.items() if source != "real-life") >= THIRD_PARTIES
    readme = (CORPUS / "README.md").read_text(encoding="utf-8")
    for source, count in sources.items():
        assert f" {count} |" in next(line for line in readme.splitlines() if source.removeprefix("real-") in line)
    docs = DOCS.read_text(encoding="utf-8").lower()
    for why in {case["why"] for case in CASES if "why" in case}:
        assert why.lower() in docs
