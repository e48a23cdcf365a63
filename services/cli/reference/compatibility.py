"""Whether a changed event schema still fits records said before, and programs written for them.

Allowed: new fields that may be absent, new alternatives and values of enumerations (readers ignore what they
do not know), other words. Everything else needs a new version of the event beside the old.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

_LIMITS = (
    "const",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
)


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Return a sentence for each change that breaks, none where the new schema fits."""
    return list(_Comparison(old, new).compare(old, new, "event"))


@dataclass
class _Comparison:
    old_root: Schema
    new_root: Schema
    compared: set[tuple[str, str]] = field(default_factory=set)

    def compare(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        pair = (old.get("$ref", where), new.get("$ref", where))
        if pair in self.compared:
            return
        self.compared.add(pair)
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        if "anyOf" in old or "oneOf" in old or "anyOf" in new or "oneOf" in new:
            yield from self._alternatives(old, new, where)
            return
        if old.get("type") != new.get("type"):
            yield f"{where}: was {old.get('type', 'anything')}, is {new.get('type', 'anything')}"
            return
        yield from (
            f"{where}: {limit} was {old.get(limit, 'not there')}, is {new.get(limit, 'not there')}"
            for limit in _LIMITS
            if old.get(limit) != new.get(limit)
        )
        yield from self._values(old, new, where)
        yield from self._fields(old, new, where)
        for inner in ("items", "additionalProperties"):
            if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
                yield from self.compare(old[inner], new[inner], f"{where}[]")
            elif old.get(inner) != new.get(inner):
                yield f"{where}: other {inner}"

    def _values(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if ("enum" in old) != ("enum" in new):
            yield f"{where}: the list of values came or went"
        gone = set(old.get("enum", ())) - set(new.get("enum", ()))
        if "enum" in new and gone:
            yield f"{where}: no longer takes {', '.join(sorted(map(str, gone)))}"

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            if name not in after:
                yield f"{where}.{name}: is gone"
            else:
                yield from self.compare(before[name], after[name], f"{where}.{name}")
        yield from (f"{where}.{name}: must be there now" for name in sorted(needed_after - needed_before))
        yield from (
            f"{where}.{name}: may be absent now" for name in sorted((needed_before - needed_after) & set(after))
        )

    def _alternatives(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, after = _by_name(old), _by_name(new)
        if "null" in after and "null" not in before:
            yield f"{where}: may be null now"
        for name, alternative in before.items():
            if name not in after:
                yield f"{where}: is no longer {name}"
            else:
                yield from self.compare(alternative, after[name], where if name == "null" else f"{where}({name})")


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _by_name(schema: Schema) -> dict[str, Schema]:
    """Return the alternatives under their model's name or their type; what has none is its own only one."""
    alternatives = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return {
        each["$ref"].rpartition("/")[2] if "$ref" in each else each.get("title") or each.get("type", "anything"): each
        for each in alternatives
    }
