"""Which columns of a file hold passwords, or may: what stands in them is shown nowhere, and is no unique id."""

from collections.abc import Collection, Iterable, Sequence

from shared.rules.kinds import Kind
from shared.rules.password_names import is_password_name
from shared.rules.trimming import trim


def password_places(
    names: Sequence[str], mapped: Iterable[tuple[str | None, Kind]], said: Collection[str]
) -> frozenset[int]:
    """Return their places, from 0, in a file whose columns are `names`.

    `mapped`: columns, by name, and the kinds of the fields they go to; `said`: columns that other imports map to
    passwords. What goes to a field of another kind is no password, whatever it is called: it is stored in clear, and
    would be lost were it left out of a row that is mended.
    """
    kinds: dict[str, set[Kind]] = {}
    for name, kind in mapped:
        if name is not None:
            kinds.setdefault(trim(name), set()).add(kind)
    others = {trim(name) for name in said}
    return frozenset(
        place
        for place, name in enumerate(names)
        if (Kind.PASSWORD in kinds[name] if name in kinds else name in others or is_password_name(name))
    )
