"""The limit: hand-written SQL for psql, one COPY into unlogged staging, one transaction, jsonb and a 64-bit row hash.

It checks nothing, reports nothing and can't be undone: what a product can be measured against, not what it can be.
"""

import subprocess
import time
from pathlib import Path

from benchmarks.people import COLUMNS

_TEXTS = ", ".join(f"{name} text" for name in COLUMNS)
_STAGED = ", ".join(f"s.{name}" for name in COLUMNS)
_NAMES = ", ".join(f"'{name}'" for name in COLUMNS)
_FIELDS = f"jsonb_object(ARRAY[{_NAMES}], ARRAY[{_STAGED}])"
_SOURCE = f"SELECT s.contact_id AS unique_id, hash_record_extended(ROW({_STAGED}), 0) AS h, {_STAGED} FROM stage s"

SET_UP = """
DROP SCHEMA IF EXISTS hand_written CASCADE;
CREATE SCHEMA hand_written;
CREATE TABLE hand_written.contacts (manager_id int, unique_id text COLLATE "C", h bigint, fields jsonb,
    updated_at timestamptz, PRIMARY KEY (manager_id, unique_id));
"""

_STAGE = f"""
SET search_path = hand_written;
BEGIN;
SET LOCAL work_mem = '64MB';
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
DROP TABLE IF EXISTS stage;
CREATE UNLOGGED TABLE stage ({_TEXTS});
\\copy stage from '%s' (format csv, header, force_not_null *)
ANALYZE stage;
"""

LOAD = f"""{_STAGE}
INSERT INTO contacts SELECT 1, s.unique_id, s.h, {_FIELDS}, now() FROM ({_SOURCE}) s ORDER BY s.unique_id COLLATE "C";
DROP TABLE stage;
COMMIT;
"""

SYNC = f"""{_STAGE}
CREATE TEMP TABLE d ON COMMIT DROP AS
SELECT c.unique_id AS old, s.unique_id, s.h, {_STAGED} FROM (SELECT * FROM contacts WHERE manager_id = 1) c
    FULL JOIN ({_SOURCE}) s ON c.unique_id = s.unique_id COLLATE "C"
WHERE c.unique_id IS NULL OR s.unique_id IS NULL OR c.h <> s.h;
ANALYZE d;
UPDATE contacts c SET h = s.h, fields = {_FIELDS}, updated_at = now() FROM d s
WHERE c.manager_id = 1 AND c.unique_id = s.unique_id AND s.old IS NOT NULL;
INSERT INTO contacts SELECT 1, s.unique_id, s.h, {_FIELDS}, now() FROM d s WHERE s.old IS NULL
ORDER BY s.unique_id COLLATE "C";
DELETE FROM contacts c USING d WHERE c.manager_id = 1 AND c.unique_id = d.old AND d.unique_id IS NULL;
DROP TABLE stage;
COMMIT;
"""


def run_limit(psql: Path, dsn: str, script: str, file: Path | None = None) -> float:
    """Run one of the scripts above, over a file where it takes one; returns the seconds it took."""
    text = script if file is None else script % file
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - a program of the benchmark's own choice
        [str(psql), dsn, "-X", "-q", "-v", "ON_ERROR_STOP=1"], input=text, text=True, check=True, stdout=subprocess.PIPE
    )
    return time.perf_counter() - began
