"""Run PostgreSQL from the wheel: 127.0.0.1 alone, a random password, no socket file."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from recsite.local.home import PLAIN_ENVIRONMENT
from recsite.local.paths import LocalError
from recsite.local.server import Server

NAME = "recsite"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # A container's /dev/shm is often too small for parallel queries: this much doesn't come from there.
    "min_dynamic_shared_memory": "64MB",
}
FAST_AND_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres(Server):
    name = "PostgreSQL"
    variable = "DATABASE_URL"
    pid_file = "postmaster.pid"
    quick_stop = signal.SIGQUIT

    @property
    def workdir(self) -> Path:
        return self.folder / "cluster"

    @property
    def url(self) -> str:
        return f"postgres://{NAME}:{self.password}@127.0.0.1:{self.port}/{NAME}"

    def answers(self) -> bool:
        return self._query("SHOW data_directory") == str(self.workdir)

    def ensure(self) -> None:
        super().ensure()
        found = self._query(f"SELECT count(*) FROM pg_database WHERE datname = '{NAME}'")
        if found == "0" and self._query(f"CREATE DATABASE {NAME}") is None:
            raise LocalError(f"PostgreSQL refuses to make the database {NAME}: see {self.log}.")

    def prepare(self) -> None:
        if self.workdir.is_dir():
            # A crash leaves a process id that may be somebody else's by now, and PostgreSQL would believe it.
            (self.workdir / self.pid_file).unlink(missing_ok=True)
        else:
            self._make_cluster()

    def launch(self) -> subprocess.Popen[bytes]:
        options = {**OPTIONS, **({} if self.durable else FAST_AND_FORGETFUL), "port": str(self.port)}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return self.home.spawn([self.home.postgres_bin / "postgres", "-D", self.workdir, *flags], self.log)

    def ask_to_stop(self) -> None:
        self.home.run([self.home.postgres_bin / "pg_ctl", "stop", "-D", self.workdir, "-m", "fast", "-t", "20"])

    def _make_cluster(self) -> None:
        """Run initdb beside the final place, so that one that was cut short is never taken for a database."""
        fresh, password = self.folder / "cluster-new", self.folder / "password"
        shutil.rmtree(fresh, ignore_errors=True)
        password.write_text(self.password)
        self.home.hand_over(password)
        flags = ["-U", NAME, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--locale-provider=builtin"]
        flags += ["--builtin-locale=C.UTF-8", "--no-instructions", *([] if self.durable else ["--no-sync"])]
        done = self.home.run([self.home.postgres_bin / "initdb", "-D", fresh, f"--pwfile={password}", *flags])
        password.unlink()
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL can't make its data folder: {done.stderr.strip() or done.stdout.strip()}")
        fresh.rename(self.workdir)

    def _query(self, sql: str) -> str | None:
        """Return the answer as text, or None where no server of ours answers."""
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", NAME, "-d", "postgres"]
        secret = {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "3", "PGSSLMODE": "disable"}
        command = [os.fspath(self.home.postgres_bin / "psql"), "-XAtqc", sql, *address]
        environment = {**PLAIN_ENVIRONMENT, **secret}
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, start_new_session=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None
