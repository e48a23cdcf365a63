"""The set-up page grows with a manager's fields, and not with their square."""

from tests.integration.web.conftest import Web
from tests.integration.web.test_pages import sign_in

MOST_BYTES_A_FIELD = 1_500
"""Of a mapped field: its line, and that it can be chosen, for the mapping and as unique identifier."""


async def bytes_of_edit(web: Web, fields: int) -> int:
    names = [f"Field number {number}" for number in range(fields)]
    made = await web.manager(name=f"{fields} fields", fields=[{"name": name} for name in names])
    mapping = [{"column": name, "field": name} for name in names]
    entry = await web.new_import(made["id"], mapping=mapping, unique_id={"field": names[0]})
    return len((await web.browser.get(f"/imports/{entry['id']}/edit")).content)


async def test_each_field_adds_as_much_as_the_one_before(web: Web) -> None:
    await sign_in(web)
    few, many = await bytes_of_edit(web, 10), await bytes_of_edit(web, 110)
    assert (many - few) / 100 < MOST_BYTES_A_FIELD
