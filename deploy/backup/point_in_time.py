"""Bring a database back to a moment before a mistake, and go on with a replica: run once with real servers.

    .venv/bin/python -m deploy.backup.point_in_time

Starts PostgreSQL of its own on free ports, in a temporary folder that it removes. docs/DISASTER.md has the same steps
for your servers.
"""

import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from recsite.local.console import say
from recsite.local.home import Home, find_home
from recsite.local.paths import LocalError
from recsite.local.processes import wait_until
from recsite.local.server import free_port

PATIENCE_SECS = 120
ROWS = 1_000


class Cluster:
    """Run one PostgreSQL, whose folder is there already."""

    def __init__(self, home: Home, folder: Path, password: str) -> None:
        self.home, self.folder, self.password = home, folder, password
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=rehearsal password={self.password} dbname=postgres"

    def start(self, *options: str) -> None:
        given = ["listen_addresses=127.0.0.1", "unix_socket_directories=", f"port={self.port}", *options]
        flags = [part for option in given for part in ("-c", option)]
        command: list[str | Path] = [self.home.postgres_bin / "postgres", "-D", self.folder, *flags]
        self.process = self.home.spawn(command, self.folder.with_suffix(".log"))
        wait_for(self.answers, f"{self.folder.name} to start")

    def answers(self) -> bool:
        try:
            self.ask("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def ask(self, sql: str) -> str:
        with psycopg.connect(self.address, autocommit=True, connect_timeout=3) as session:
            cursor = session.execute(sql.encode())
            row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""

    def lose(self) -> None:
        """Kill it at once, as a machine that is gone."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None


def wait_for(happens: Callable[[], bool], what: str) -> None:
    """Wait for a condition. Raises LocalError where it doesn't come true."""
    if not wait_until(happens, PATIENCE_SECS):
        raise LocalError(f"Waited {PATIENCE_SECS} seconds for {what}.")


def run(home: Home, *command: str | Path) -> None:
    done = home.run(list(command))
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        raise LocalError(f"{command[0]} failed: {said}")


def add(cluster: Cluster, rows: int = ROWS) -> None:
    cluster.ask(f"INSERT INTO event (at) SELECT clock_timestamp() FROM generate_series(1, {rows})")


def expect(cluster: Cluster, rows: int) -> None:
    found = int(cluster.ask("SELECT count(*) FROM event"))
    if found != rows:
        raise LocalError(f"{cluster.folder.name} has {found:,} rows, and {rows:,} were stored.")


def rehearse(home: Home, folder: Path, say: Callable[[str], None]) -> None:
    """Lose a primary after a mistake, come back to the moment before; lose that one too, go on with a replica."""
    password, archive = secrets.token_hex(16), folder / "archive"
    clusters: list[Cluster] = []
    try:
        say("The primary archives its log (archive_mode, archive_command).")
        secret = folder / "password"
        secret.write_text(password)
        home.hand_over(secret)
        first = Cluster(home, folder / "primary", password)
        clusters.append(first)
        run(
            home,
            home.postgres_bin / "initdb",
            "-D",
            first.folder,
            "-U",
            "rehearsal",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
        )
        first.start("archive_mode=on", f"archive_command=test ! -f {archive}/%f && cp %p {archive}/%f")
        first.ask("CREATE TABLE event (id bigserial PRIMARY KEY, at timestamptz NOT NULL)")
        add(first)

        say("Base backup (pg_basebackup), then more rows come.")
        second = Cluster(home, folder / "recovered", password)
        run(home, home.postgres_bin / "pg_basebackup", "-D", second.folder, "-d", first.address, "--checkpoint=fast")
        add(first)
        moment = first.ask("SELECT clock_timestamp()")

        say(f"At {moment} all is well. Then somebody deletes everything, and the primary is lost.")
        first.ask("DELETE FROM event")
        expect(first, 0)
        last = first.ask("SELECT pg_walfile_name(pg_switch_wal())")
        wait_for(lambda: first.ask("SELECT last_archived_wal FROM pg_stat_archiver") >= last, "the archive")
        first.lose()

        say("Recovery to that moment (recovery.signal, restore_command, recovery_target_time).")
        (second.folder / "recovery.signal").touch()
        home.hand_over(second.folder / "recovery.signal")
        clusters.append(second)
        started = time.monotonic()
        second.start(
            f"restore_command=cp {archive}/%f %p",
            f"recovery_target_time={moment}",
            "recovery_target_action=promote",
        )
        wait_for(lambda: second.ask("SELECT pg_is_in_recovery()") == "False", "the end of the recovery")
        expect(second, 2 * ROWS)
        say(f"All {2 * ROWS:,} rows are there, {time.monotonic() - started:.1f} s after the start.")

        say("A replica follows the new primary (pg_basebackup -R), in another place.")
        third = Cluster(home, folder / "replica", password)
        run(
            home,
            home.postgres_bin / "pg_basebackup",
            "-D",
            third.folder,
            "-d",
            second.address,
            "-R",
            "--checkpoint=fast",
        )
        clusters.append(third)
        third.start("hot_standby=on")
        add(second)
        sent = second.ask("SELECT pg_current_wal_lsn()")
        behind = f"SELECT pg_wal_lsn_diff('{sent}', pg_last_wal_replay_lsn()) <= 0"
        wait_for(lambda: third.ask(behind) == "True", "the replica")

        say("The primary's place is lost. The replica is promoted (pg_ctl promote).")
        second.lose()
        started = time.monotonic()
        run(home, home.postgres_bin / "pg_ctl", "promote", "-D", third.folder)
        add(third, 1)
        expect(third, 3 * ROWS + 1)
        say(f"It has all {3 * ROWS:,} rows and takes new ones, {time.monotonic() - started:.1f} s after the promotion.")
    finally:
        for cluster in clusters:
            cluster.lose()


def main() -> None:
    """Run it and say each step."""
    state = Path(tempfile.mkdtemp(prefix="recsite-rehearsal-", dir="/var/tmp"))
    state.chmod(0o755)
    try:
        home = find_home(state)
        folder = home.folder("point-in-time")
        home.folder("point-in-time/archive")
        rehearse(home, folder, say)
    except LocalError as fault:
        sys.exit(str(fault))
    finally:
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main()
