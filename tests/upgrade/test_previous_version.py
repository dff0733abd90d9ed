"""A database of version 0.4 with rows is migrated while that version serves on; then this one serves from it."""

import json
import re
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from redis import Redis

from recsite.platform.backup import postgres
from tests.backup.places import empty_database, manage

pytestmark = pytest.mark.django_db

VERSION = Path(__file__).with_name("version-0.4.tar.gz")
COPY = re.compile(r"^COPY public\.(\w+) \(([^)]+)\) FROM stdin;$", re.MULTILINE)
LONGEST_WAIT = "5s"
"""A statement of the version before that waits longer is one that a user waits for."""

PARTITION = re.compile(r"_y\d{4}m\d\d$|_default$")
STOPPED_BEING_USED = {"django_session"}
"""Tables that this version has no model for any more; they go with the version after it."""

REQUIRED = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
    AND is_generated = 'NEVER'
"""
ASK = """
import json
from tests.recommender.fixtures import ask
print(json.dumps({who: [one.item_id for one in ask(who).items] for who in ("ada", "ben", "cleo")}))
"""


@contextmanager
def serving(address: str, known: dict[str, str]) -> Iterator[list[str]]:
    """Read and write all the time as the version before does, by the columns that it knows; what fails comes back."""
    faults, over, began = list[str](), threading.Event(), threading.Event()

    def work() -> None:
        with psycopg.connect(address, options=f"-c statement_timeout={LONGEST_WAIT}") as session:
            while not over.is_set():
                for table, columns in known.items():
                    try:
                        with session.transaction(force_rollback=True):
                            session.execute(f"SELECT {columns} FROM {table} LIMIT 20".encode())
                            if table == "interactions_interaction":
                                values = columns.replace("event_id", "gen_random_uuid()", 1).replace("id, ", "0, ", 1)
                                session.execute(
                                    f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} LIMIT 1".encode()
                                )
                    except psycopg.Error as fault:
                        faults.append(f"{table}: {fault}")
                began.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert began.wait(60)
        yield faults
    finally:
        over.set()
        thread.join()


def test_the_version_before_serves_during_the_migration_and_this_one_after_it(tmp_path: Path) -> None:
    with tarfile.open(VERSION) as packed:
        packed.extractall(tmp_path, filter="data")
    dump = (tmp_path / "database.sql").read_text()
    of_before = {table: columns for table, columns in COPY.findall(dump) if not PARTITION.search(table)}
    # Rows of a partitioned table are dumped by month.
    for table, columns in COPY.findall(dump):
        of_before.setdefault(PARTITION.sub("", table), columns)
    redis_url = f"{settings.REDIS_URL.rsplit('/', 1)[0]}/15"
    Redis.from_url(redis_url).flushdb()
    with empty_database("upgraded") as address:
        given = {
            "DATABASE_URL": address,
            "REDIS_URL": redis_url,
            "RECSITE_STATE": str(tmp_path / "state"),
            "MODEL_STORAGE_PATH": str(tmp_path / "models"),
            "ERASURE_KEY": (tmp_path / "erasure_key").read_text(),
        }
        psql = [str(postgres.program("psql", postgres.server_major())), "-Xqo", "/dev/null", "-v", "ON_ERROR_STOP=1"]
        with (tmp_path / "database.sql").open() as rows:
            subprocess.run([*psql, "-d", address], stdin=rows, check=True)
        with psycopg.connect(address, autocommit=True) as session:
            before = session.execute("SELECT count(*) FROM interactions_interaction").fetchone()
            with serving(address, of_before) as faults:
                done = manage("migrate", "--noinput", **given)
            assert done.returncode == 0, done.stderr
            assert faults == []
            after = session.execute("SELECT count(*) FROM interactions_interaction").fetchone()
            assert after == before
            required = session.execute(REQUIRED).fetchall()
        cant = [
            f"{table}.{column}"
            for table, column in required
            if table in of_before.keys() - STOPPED_BEING_USED
            and column not in of_before[table].replace('"', "").split(", ")
        ]
        assert cant == [], "The version before can't store rows: give the column a default in the database."
        said = manage("shell", "--no-imports", "-c", ASK, **given)
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout.splitlines()[-1]) == json.loads((tmp_path / "lists.json").read_text())
