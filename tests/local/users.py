"""Other processes that use the local servers, as `manage.py` and `make demo` do."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from recsite.local.paths import PROJECT

USE = """
import json, os, sys
from pathlib import Path
from recsite.local import environment, servers
environment.PROJECT = Path(sys.argv[1])  # so that a developer's own .env has no say
with servers.ensure(Path(sys.argv[1]), durable=len(sys.argv) > 2):
    print(json.dumps([os.environ["DATABASE_URL"], os.environ["REDIS_URL"]]), flush=True)
    sys.stdin.read()
"""


def environ(**more: str) -> dict[str, str]:
    """Ours, without the servers that our own tests use."""
    hidden = {"DATABASE_URL", "REDIS_URL", "RECSITE_STATE", "ENVIRONMENT", "DATA", "FORMAT", "PORT"}
    return {**{name: value for name, value in os.environ.items() if name not in hidden}, **more}


class User:
    """A process that uses the servers until it is told to leave, or killed."""

    def __init__(self, state: Path, *flags: str, **options: Any) -> None:
        settings = {"cwd": PROJECT, "env": environ(), **options}
        command = [sys.executable, "-c", USE, str(state), *flags]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **settings)

    def wait(self) -> "User":
        assert self.process.stdout
        self.database_url, self.redis_url = json.loads(self.process.stdout.readline())
        return self

    def leave(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def write(self, value: str) -> None:
        with psycopg.connect(self.database_url) as connection:
            connection.execute("DROP TABLE IF EXISTS kept")
            connection.execute("CREATE TABLE kept (value text)")
            connection.execute("INSERT INTO kept VALUES (%s)", [value])
        with redis.Redis.from_url(self.redis_url) as client:
            client.set("kept", value)

    def read(self) -> tuple[str, str]:
        with psycopg.connect(self.database_url) as connection, redis.Redis.from_url(self.redis_url) as client:
            row = connection.execute("SELECT value FROM kept").fetchone()
            assert row
            return row[0], client.get("kept").decode()


def answers(user: User) -> bool:
    """Whether anything listens where this user found its servers."""
    try:
        psycopg.connect(user.database_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def pid_files(state: Path) -> list[Path]:
    return [state / "postgresql/cluster/postmaster.pid", state / "redis/redis.pid"]


def server_pids(state: Path) -> list[int]:
    return [int(file.read_text().split()[0]) for file in pid_files(state)]


def kill_servers(state: Path) -> None:
    for pid in server_pids(state):
        os.kill(pid, signal.SIGKILL)
