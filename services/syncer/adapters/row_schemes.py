"""The numbers of row schemes: row hashes are compared only under the same one."""

from services.syncer.domain.row_scheme import scheme_digest
from shared.postgres.database import Connection
from shared.store.runs import OpenRun

_SCHEME = """
WITH made AS (
    INSERT INTO row_schemes (manager_id, digest) SELECT $1, $2
    WHERE NOT EXISTS (SELECT FROM row_schemes WHERE manager_id = $1 AND digest = $2) RETURNING id)
SELECT id FROM made UNION ALL SELECT id FROM row_schemes WHERE manager_id = $1 AND digest = $2
"""


async def scheme_of(connection: Connection, run: OpenRun, fields: list[int], *, fingerprint_key: str) -> int:
    """Return the scheme of a run's rows, made where it is new; the manager has to be locked.

    `fields` are those that its file's rows fill.
    """
    setup = run.setup
    cases = {line.field: line.case for line in setup.mapping}
    digest = scheme_digest(
        setup.unique_id.field,
        [(number, setup.kind_of(number), cases.get(number)) for number in fields],
        trim=setup.options.trim,
        fingerprint_key=fingerprint_key,
    )
    scheme: int = await connection.fetchval(_SCHEME, run.manager_id, digest)
    return scheme
