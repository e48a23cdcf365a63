"""The arguments of `up`."""

from pathlib import Path

import pytest

from services.cli.up import default_data, parse_scale
from shared.errors import UserError


def test_scale_is_a_number_for_each_name() -> None:
    assert parse_scale(["parser=4", "web=2", "parser=3"]) == {"parser": 3, "web": 2}
    for wrong in ("parser", "parser=", "=2", "parser=-1", "parser=x", "parser=²"):
        with pytest.raises(UserError, match="parser=2"):
            parse_scale([wrong])


def test_state_is_kept_where_the_user_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_data() == tmp_path / "data" / "contacts-sync"
    for ignored in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", ignored)
        assert default_data() == tmp_path / ".local" / "share" / "contacts-sync"
