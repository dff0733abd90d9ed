"""Run Redis from the machine or the wheel: cache and broker, on 127.0.0.1, with a password.

It has a password because any account of the machine can reach 127.0.0.1, and who can write to the broker can run tasks.
"""

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from recsite.local.server import Server

# Under pressure cached answers go first, the longest unused before others; the broker's queues have no expiry and stay.
OPTIONS = {"bind": "127.0.0.1", "protected-mode": "yes", "maxmemory": "1gb", "maxmemory-policy": "volatile-lru"}
DURABLE = {"appendonly": "yes", "appendfsync": "everysec", "save": ""}
FORGETFUL = {"appendonly": "no", "save": ""}


class Redis(Server):
    name = "Redis"
    variable = "REDIS_URL"
    pid_file = "redis.pid"
    quick_stop = signal.SIGTERM

    @property
    def workdir(self) -> Path:
        return self.folder

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        ping, folder = self._ask("PING"), self._ask("CONFIG", "GET", "dir")
        return "+PONG" in ping and str(self.workdir) in folder

    def prepare(self) -> None:
        (self.workdir / self.pid_file).unlink(missing_ok=True)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server, its configuration on standard input: anybody can read a password on a command line."""
        own = {"port": str(self.port), "dir": str(self.workdir), "pidfile": str(self.workdir / self.pid_file)}
        options = {**OPTIONS, **(DURABLE if self.durable else FORGETFUL), **own, "requirepass": self.password}
        process = self.home.spawn([self.home.redis_server, "-"], self.log, stdin=subprocess.PIPE)
        if process.stdin:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.writelines(_line(name, value) for name, value in options.items())
        return process

    def ask_to_stop(self) -> None:
        self._ask("SHUTDOWN")

    def _ask(self, *words: str) -> list[str]:
        """Log in, send one command, and return the lines of its answer; [] where nobody lets us in."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=3) as connection:
            connection.sendall(_command("AUTH", self.password) + _command(*words) + _command("QUIT"))
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
            return answer.decode(errors="replace").split("\r\n")[1:]
        return []


def _line(name: str, value: str) -> bytes:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return os.fsencode(f'{name} "{quoted}"\n')


def _command(*words: str) -> bytes:
    """Encode one command in Redis's protocol (RESP): an array of strings with their lengths in bytes."""
    parts = [os.fsencode(word) for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
