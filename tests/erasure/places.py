"""Where a user's id may stand: every table and month, Redis, and files."""

from pathlib import Path
from typing import Any

from django.db import connection

from catalog.importers.registry import open_format
from catalog.importers.rows import DataSet
from interactions.models import OutboxMessage
from recsite.platform import redis
from recsite.platform.models import IdempotentRequest, Session
from recsite.platform.months import Month

GONE = "mrs-gone@example.org"
MAY_1999 = Month(1999, 5)
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"


def in_tables(text: str) -> list[str]:
    """The tables, detached months among them, in which the text stands anywhere; bytes and sessions are decoded."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS one WHERE one::text LIKE %s', [f"%{text}%"])
            found += [table] if cursor.fetchone()[0] else []
    found += ["outbox" for one in OutboxMessage.objects.all() if text.encode() in bytes(one.value)]
    found += ["requests" for one in IdempotentRequest.objects.all() if text.encode() in bytes(one.body)]
    return found + ["sessions" for one in Session.objects.all() if text in str(one.get_decoded())]


def in_redis(text: str) -> list[bytes]:
    """The keys in which the text stands, or whose values hold it."""

    def look(client: Any) -> list[bytes]:
        found = []
        for key in client.scan_iter():
            value = client.dump(key) or b""
            found += [key] if text.encode() in key or text.encode() in value else []
        return found

    return redis.call(look)


def in_files(text: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def everywhere(text: str, folder: Path) -> list[Any]:
    return [*in_tables(text), *in_redis(text), *in_files(text, folder)]


def csv_data(path: Path, text: str) -> DataSet:
    path.write_text(text)
    return open_format("csv", path)
