"""The rows of each table as a number and a hash, by which a restored database is compared with the one of before."""

from django.db import connection

from recsite.platform.backup.manifest import TableState

TABLES = """
SELECT relname FROM pg_class AS one
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = one.oid AND classid = 'pg_class'::regclass AND deptype = 'e')
ORDER BY relname
"""
# The text of a row must not depend on who asks. MD5 is the same in all versions of PostgreSQL; a sum knows no order.
AS_TEXT = (
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; "
    "SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'"
)
STATE = """
SELECT count(*), coalesce(sum(('x' || substr(md5(one::text), 1, 15))::bit(60)::bigint), 0)::text
FROM ONLY {table} AS one
"""


def states() -> dict[str, TableState]:
    """Return what is in each table now, partitions by themselves. Call it in a transaction."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(AS_TEXT)
        cursor.execute(TABLES)
        for (name,) in cursor.fetchall():
            cursor.execute(STATE.format(table=connection.ops.quote_name(name)))
            rows, digest = cursor.fetchone()
            found[name] = TableState(rows, digest)
    return found


def is_empty() -> bool:
    """Tell whether the database has no table yet."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return cursor.fetchone() is None


def differing(wanted: dict[str, TableState], found: dict[str, TableState]) -> list[str]:
    """Return the names of the tables that aren't alike."""
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
