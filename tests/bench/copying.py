"""The floor under an import: a bare COPY of the same rows into the same table, indexes and partitions included."""

import json
import sys
import tempfile
import time
from typing import Any

import django
from django.db import connection

COLUMNS = "event_id, user_id, item_id, type_id, value, occurred_at, undated, context, received_at"
BLOCK = 1 << 20


def measure() -> dict[str, Any]:
    with tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT {COLUMNS} FROM interactions_interaction) TO STDOUT") as rows:
            for block in rows:
                file.write(block)
        cursor.execute("TRUNCATE interactions_interaction")
        file.seek(0)
        started = time.perf_counter()
        with cursor.copy(f"COPY interactions_interaction ({COLUMNS}) FROM STDIN") as target:
            while block := file.read(BLOCK):
                target.write(block)
        seconds = time.perf_counter() - started
        cursor.execute("ANALYZE interactions_interaction")
        cursor.execute("SELECT count(*) FROM interactions_interaction")
        return {"rows": cursor.fetchone()[0], "seconds": seconds}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
