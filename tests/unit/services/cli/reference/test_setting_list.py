"""What the pages of settings are made from: every variable, its default, its meaning, whether it is secret."""

import pytest
from pydantic import BaseModel, Field, SecretStr

from services.cli.reference.environment_example import DECIDED_BY_COMPOSE, example_environment
from services.cli.reference.setting_list import Setting, all_settings, settings_classes
from services.cli.reference.settings_page import settings_page
from shared.settings import ServiceSettings


class Oven(BaseModel):
    """How the oven is set."""

    degrees: int = Field(180, description="Heat")
    trays: list[int] = Field(default_factory=lambda: [1, 2], description="In use | from below")
    code: SecretStr | None = Field(None, description="Opens the door")
    is_gas: bool = Field(default=False, description="Burns gas")
    brand: str = Field(description="Who made it")


class BakerSettings(ServiceSettings):
    """All the baker has."""

    oven: Oven


class WaiterSettings(ServiceSettings):
    """All the waiter has."""


@pytest.fixture(scope="module")
def settings() -> dict[str, Setting]:
    found = all_settings({"baker": BakerSettings, "waiter": WaiterSettings})
    return {setting.variable: setting for setting in found}


def test_nested_setting_has_its_variable_default_and_meaning(settings: dict[str, Setting]) -> None:
    assert settings["CONTACTS_SYNC_OVEN__DEGREES"] == Setting(
        variable="CONTACTS_SYNC_OVEN__DEGREES",
        default="180",
        meaning="Heat",
        is_secret=False,
        group="How the oven is set.",
        services=("baker",),
    )


@pytest.mark.parametrize(("name", "default"), [("TRAYS", "[1, 2]"), ("CODE", ""), ("IS_GAS", "false"), ("BRAND", None)])
def test_default_is_as_the_environment_would_hold_it(
    settings: dict[str, Setting], name: str, default: str | None
) -> None:
    assert settings[f"CONTACTS_SYNC_OVEN__{name}"].default == default


def test_secret_is_known_also_where_it_may_be_absent(settings: dict[str, Setting]) -> None:
    secret = {variable for variable, setting in settings.items() if setting.is_secret}
    assert secret == {"CONTACTS_SYNC_OVEN__CODE"}


def test_setting_of_several_services_is_listed_once(settings: dict[str, Setting]) -> None:
    assert settings["CONTACTS_SYNC_KAFKA__BOOTSTRAP_SERVERS"].services == ("baker", "waiter")


def test_page_shows_what_must_be_set_and_escapes_cells(settings: dict[str, Setting]) -> None:
    page = settings_page(list(settings.values()))
    assert "| `CONTACTS_SYNC_OVEN__BRAND` | must be set | Who made it | baker |" in page
    assert "In use \\| from below" in page
    assert "Opens the door **Secret.**" in page


def test_example_offers_all_but_what_the_compose_file_decides(settings: dict[str, Setting]) -> None:
    example = example_environment(list(settings.values()))
    offered = {variable for variable in settings if f"\n#{variable}=" in example}
    assert offered == {variable for variable in settings if not variable.endswith(DECIDED_BY_COMPOSE)}


@pytest.mark.parametrize("variable", [setting.variable for setting in all_settings()])
def test_every_setting_of_ours_has_a_meaning(variable: str) -> None:
    (setting,) = (setting for setting in all_settings() if setting.variable == variable)
    assert setting.meaning


def test_every_service_has_settings() -> None:
    assert {"scheduler", "fetcher", "parser", "syncer", "notifier", "web"} <= set(settings_classes())
