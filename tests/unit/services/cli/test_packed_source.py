import gzip
import zipfile
from pathlib import Path

import pytest

from services.cli.import_source import columns_of
from shared.errors import UserError
from shared.rules.dialect import Dialect

CONTENT = b"No,Name\n1,One\n"


def test_columns_of_packed_files(tmp_path: Path) -> None:
    packed, zipped, plain = tmp_path / "a.csv.gz", tmp_path / "a.zip", tmp_path / "a.csv"
    packed.write_bytes(gzip.compress(CONTENT))
    plain.write_bytes(CONTENT)
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("people.csv", CONTENT)
    assert [columns_of(path, Dialect()) for path in (plain, packed, zipped)] == [["No", "Name"]] * 3


def test_archives_that_cannot_be_read(tmp_path: Path) -> None:
    cut, two = tmp_path / "cut.gz", tmp_path / "two.zip"
    cut.write_bytes(gzip.compress(CONTENT)[:-9])
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a", b"")
        archive.writestr("b", b"")
    codes = []
    for path in (cut, two):
        with pytest.raises(UserError) as error:
            columns_of(path, Dialect())
        codes.append(error.value.code)
    assert codes == ["archive_corrupt", "archive_not_one_file"]
