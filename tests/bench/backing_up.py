"""A backup of what there is: made, read through, and restored into an empty database of the same server."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import django

from recsite.local.paths import PROJECT

EMPTY = "bench_restored"


def measure() -> dict[str, Any]:
    import psycopg
    from django.db import connection

    from interactions.models import Interaction
    from recsite.platform.audit import SYSTEM
    from recsite.platform.backup import create, upkeep

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    made = create.create(lambda _: None, actor=SYSTEM)
    started = time.perf_counter()
    upkeep.verify(made, lambda _: None)
    verified = time.perf_counter() - started
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {EMPTY}")
        session.execute(f"CREATE DATABASE {EMPTY}")
    started = time.perf_counter()
    command = [sys.executable, "manage.py", "backup", "restore", made.name]
    other = {**os.environ, "DATABASE_URL": f"{address.rpartition('/')[0]}/{EMPTY}"}
    subprocess.run(command, cwd=PROJECT, env=other, check=True, stdout=subprocess.DEVNULL)
    restored = time.perf_counter() - started
    with psycopg.connect(address, autocommit=True) as session:
        session.execute(f"DROP DATABASE {EMPTY}")
    return {
        "events": Interaction.objects.count(),
        "rows": made.rows,
        "database_bytes": size,
        "dump_bytes": made.database.bytes,
        "files_bytes": made.bytes - made.database.bytes,
        "created": made.seconds,
        "verified": verified,
        "restored": restored,
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
