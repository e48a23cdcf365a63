"""Every setting of every service, read off the settings classes."""

import json
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, get_args

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import services
from shared.settings import ServiceSettings


@dataclass(frozen=True)
class Setting:
    """One environment variable; `default` as it would be written there, None where it must be set."""

    variable: str
    default: str | None
    meaning: str
    is_secret: bool
    group: str
    services: tuple[str, ...]


def settings_classes() -> dict[str, type[ServiceSettings]]:
    """Return each service's settings class: the one its `settings` module defines."""
    found = {}
    for module in pkgutil.iter_modules(services.__path__):
        name = f"services.{module.name}.settings"
        if find_spec(name) is None:
            continue
        found[module.name] = next(
            value
            for value in vars(import_module(name)).values()
            if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == name
        )
    return found


def all_settings(classes: dict[str, type[ServiceSettings]] | None = None) -> list[Setting]:
    """Return every setting once, with the services that read it, in the order of the classes' fields."""
    merged: dict[str, Setting] = {}
    for service, settings in (settings_classes() if classes is None else classes).items():
        prefix = settings.model_config.get("env_prefix", "")
        delimiter = settings.model_config.get("env_nested_delimiter") or "__"
        for setting in _walk(settings, prefix.upper(), delimiter, service):
            before = merged.get(setting.variable)
            readers = (*before.services, service) if before else (service,)
            merged[setting.variable] = Setting(**{**vars(setting), "services": readers})
    return list(merged.values())


def grouped(settings: Sequence[Setting]) -> list[tuple[str, list[Setting]]]:
    """Return the settings by group, those that more services read first."""
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    return sorted(groups.items(), key=lambda group: -len(group[1][0].services))


def _walk(model: type[BaseModel], prefix: str, delimiter: str, service: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _walk(inner, f"{variable}{delimiter}", delimiter, service)
        else:
            yield Setting(
                variable=variable,
                default=_default(field),
                meaning=field.description or "",
                is_secret=_is_secret(inner),
                group=" ".join((model.__doc__ or "").split("\n\n")[0].split()),
                services=(service,),
            )


def _default(field: FieldInfo) -> str | None:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return None
    return _written(value)


def _written(value: Any) -> str:  # noqa: ANN401 - a setting of any type
    """Return a value as the environment would hold it; a default stands in the code, so it is no secret."""
    if isinstance(value, SecretStr | SecretBytes):
        return str(value.get_secret_value())
    if value is None:
        return ""
    if isinstance(value, bool | list | tuple | dict):
        return json.dumps(value, default=str)
    return str(value)


def _is_secret(annotation: Any) -> bool:  # noqa: ANN401 - a type, or what typing makes of several
    inner: Iterable[Any] = get_args(annotation)
    return annotation in (SecretStr, SecretBytes) or any(_is_secret(each) for each in inner)
