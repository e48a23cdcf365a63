"""All generated documents, under their paths in the repository."""

import json
from pathlib import Path
from typing import Any

from services.cli.reference.compatibility import breaking_changes
from services.cli.reference.environment_example import example_environment
from services.cli.reference.openapi import openapi_document
from services.cli.reference.setting_list import all_settings
from services.cli.reference.settings_page import settings_page
from services.cli.reference.topic_table import topic_page
from shared.event_reference.asyncapi import asyncapi_document
from shared.event_reference.schemas import schemas_by_type

REFERENCE = Path("docs/reference")
SCHEMAS = REFERENCE / "schemas"


def generate() -> dict[Path, str]:
    """Return the text of every document; the same code always gives the same text."""
    settings = all_settings()
    return {
        REFERENCE / "topics.md": topic_page(),
        REFERENCE / "settings.md": settings_page(settings),
        REFERENCE / "asyncapi.json": _json(asyncapi_document()),
        REFERENCE / "openapi.json": _json(openapi_document()),
        Path("deploy/.env.example"): example_environment(settings),
        **{SCHEMAS / f"{name}.json": _json(schema) for name, schema in schemas_by_type().items()},
    }


def drift(root: Path, documents: dict[Path, str]) -> list[str]:
    """Return a sentence for each document that is missing, differs, or is no longer generated."""
    found = []
    for path, text in documents.items():
        if not (root / path).is_file():
            found.append(f"{path} is missing")
        elif (root / path).read_text(encoding="utf-8") != text:
            found.append(f"{path} differs from the code")
    return found + [f"{path} is of no event" for path in _left_over(root, documents)]


def broken(root: Path, documents: dict[Path, str]) -> list[str]:
    """Return a sentence for each change that breaks with an event schema as it was written last."""
    found = []
    for path in sorted((root / SCHEMAS).glob("*.json")):
        new = documents.get(path.relative_to(root))
        old = path.read_text(encoding="utf-8")
        if new is None:
            found.append(f"{path.stem}: the event is gone")
        else:
            found += [f"{path.stem}: {change}" for change in breaking_changes(json.loads(old), json.loads(new))]
    return found


def write(root: Path, documents: dict[Path, str]) -> list[Path]:
    """Write what differs and take away what is no longer generated; return the paths touched."""
    touched = _left_over(root, documents)
    for path in touched:
        (root / path).unlink()
    for path, text in documents.items():
        target = root / path
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            touched.append(path)
    return touched


def _left_over(root: Path, documents: dict[Path, str]) -> list[Path]:
    there = sorted(path.relative_to(root) for path in (root / SCHEMAS).glob("*.json"))
    return [path for path in there if path not in documents]


def _json(document: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
