"""PostgreSQL's own programs: found, of the server's major version, and run with its address."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from psycopg import conninfo, pq

from recsite.local.home import postgres_bin_path
from recsite.local.paths import LocalError
from recsite.platform.exceptions import UserFacingError

PACKAGED = "/usr/lib/postgresql/{major}/bin"
"""Where Debian's packages put them."""

Command = list[str | Path]
EMPTY = """
DO $$
DECLARE command text;
BEGIN
    FOREACH command IN ARRAY ARRAY(
        SELECT format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind
            WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, relname)
        FROM pg_class AS found WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
            AND NOT EXISTS (SELECT FROM pg_depend
                WHERE objid = found.oid AND classid = 'pg_class'::regclass AND refobjid <> objid
                    AND deptype IN ('e', 'i'))
        UNION ALL
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', found.oid::regprocedure)
        FROM pg_proc AS found WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend
            WHERE objid = found.oid AND classid = 'pg_proc'::regclass AND deptype = 'e')
    ) LOOP EXECUTE command; END LOOP;
END $$
"""
"""Delete everything that isn't an extension's."""


class PostgresFailed(UserFacingError):
    """One of PostgreSQL's programs is missing or failed."""


def server_major() -> int:
    """Return the major version of the server."""
    connection.ensure_connection()
    return int(connection.pg_version) // 10_000  # type: ignore[attr-defined]  # PostgreSQL alone is supported


def program(name: str, major: int) -> Path:
    """Find a program of this major version. Raises PostgresFailed."""
    others = set[int]()
    for folder in _folders(major):
        path = folder / name
        found = _major_of(path)
        if found == major:
            return path
        others |= {found} - {0}
    there = f"{name} of PostgreSQL {', '.join(map(str, sorted(others)))} is here" if others else f"There is no {name}"
    raise PostgresFailed(
        f"{there}, and the server is PostgreSQL {major}. Install its client, such as Debian's "
        f"postgresql-client-{major}, or name the folder of its programs in POSTGRES_BIN."
    )


def _folders(major: int) -> Iterator[Path]:
    if settings.POSTGRES_BIN:
        yield Path(settings.POSTGRES_BIN)
        return
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    yield Path(PACKAGED.format(major=major))
    with suppress(LocalError):
        yield postgres_bin_path()


def _major_of(path: Path) -> int:
    """Return the major version of a program, 0 where there is none."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found else 0


def address() -> tuple[str, dict[str, str]]:
    """Return how to reach the database of the settings: a text without the password, and an environment with it."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    params = {name: value for name, value in connection.get_connection_params().items() if name in known}
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PGAPPNAME": "recsite backup"}
    if password := params.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    return conninfo.make_conninfo("", **params), environment


@contextmanager
def dumping(major: int, snapshot: str) -> Iterator[IO[bytes]]:
    """Read the database as it was in this snapshot. Raises PostgresFailed at the end, if it isn't whole."""
    to, environment = address()
    command: Command = [program("pg_dump", major), "--format=custom", "--compress=1", "--no-owner", "--no-privileges"]
    command += ["--no-password", f"--snapshot={snapshot}", f"--dbname={to}"]
    with tempfile.TemporaryFile() as said:
        with _running(command, environment, said, stdout=subprocess.PIPE) as process:
            assert process.stdout
            yield process.stdout
            # Whoever reads only a part of it hasn't got a dump.
            process.stdout.close()
            process.wait()
        _check("pg_dump", process, said)


@contextmanager
def reading(major: int) -> Iterator[IO[bytes]]:
    """Take a dump and read all of it, without a server. Raises PostgresFailed at the end, if it can't be read."""
    command: Command = [program("pg_restore", major), f"--file={os.devnull}"]
    with tempfile.TemporaryFile() as said:
        with _running(command, address()[1], said, stdin=subprocess.PIPE) as process:
            assert process.stdin
            yield process.stdin
            process.stdin.close()
            process.wait()
        _check("pg_restore", process, said)


@contextmanager
def loading(major: int, replace: bool) -> Iterator[IO[bytes]]:
    """Take a dump and store it, whole or not at all; with `replace` in place of what is there.

    Raises PostgresFailed where nothing was stored.
    """
    to, environment = address()
    unpack: Command = [program("pg_restore", major), "--file=-", "--no-owner", "--no-privileges", "--no-comments"]
    store: Command = [program("psql", major), "--no-psqlrc", "--quiet", "--no-password", "--single-transaction"]
    store += ["--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--dbname={to}"]
    store += ["--command=SET client_min_messages = warning", *([f"--command={EMPTY}"] if replace else []), "--file=-"]
    with tempfile.TemporaryFile() as said_1, tempfile.TemporaryFile() as said_2:
        with (
            _running(unpack, environment, said_1, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as unpacking,
            _running(store, environment, said_2, stdin=subprocess.PIPE) as storing,
        ):
            assert unpacking.stdin
            assert unpacking.stdout
            assert storing.stdin
            pump = threading.Thread(target=_pump, args=(unpacking.stdout, storing.stdin), daemon=True)
            pump.start()
            with suppress(BrokenPipeError):
                yield unpacking.stdin
            with suppress(BrokenPipeError):
                unpacking.stdin.close()
            unpacking.wait()
            pump.join()
            # Its end commits: what comes from a dump that can't be read to its end is not stored.
            if unpacking.returncode == 0:
                with suppress(BrokenPipeError):
                    storing.stdin.close()
                storing.wait()
        _check("psql", storing, said_2, but=-signal.SIGKILL)
        _check("pg_restore", unpacking, said_1)


def _pump(source: IO[bytes], target: IO[bytes]) -> None:
    with suppress(BrokenPipeError, ValueError):
        shutil.copyfileobj(source, target)
        target.flush()
    # Whoever still writes is told by a broken pipe.
    source.close()


@contextmanager
def _running(
    command: Command,
    environment: dict[str, str],
    said: IO[bytes],
    stdin: IO[bytes] | int | None = None,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program; whatever happens here, it doesn't outlive us."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL if stdin is None else stdin, stdout=stdout, stderr=said, env=environment
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()


def _check(name: str, process: "subprocess.Popen[bytes]", said: IO[bytes], but: int = 0) -> None:
    if process.returncode not in (0, but):
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines() or [f"exit code {process.returncode}"]
        first = next((line for line in lines if "error" in line.lower()), lines[0])
        raise PostgresFailed(f"{name} failed: {first.strip().rstrip('.')}.")
