"""Start roles as they are deployed: by the entry point, on a state folder and ports of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from recsite import process_roles
from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from recsite.process_roles import Role
from tests.outages import wait_until
from tests.web import environment


@dataclass(frozen=True)
class Running:
    role: Role
    port: int
    log: Path
    errors: Path
    process: subprocess.Popen[bytes]
    environ: dict[str, str]

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; 0 where nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def health(self) -> tuple[int, str]:
        command = [str(PROJECT / process_roles.HEALTHCHECK), self.role.name]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip() + done.stderr

    def lines(self) -> list[dict[str, Any]]:
        """All that it has written, which is lines of JSON alone."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> int:
        """Its exit code after SIGTERM. Raises TimeoutExpired where it takes longer than it may."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self.role.stop_secs + 5)


@contextmanager
def start(name: str, folder: Path, **settings: str) -> Iterator[Running]:
    """A role on the test database, from its first moment on; `content` waits until its probe is."""
    role, port = process_roles.of(name), free_port()
    own = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "DJANGO_SETTINGS_MODULE": "recsite.settings"}
    environ = {**environment(folder), **own, **settings}
    environ[role.port.setting if role.port else "PORT"] = str(port)
    log, errors = folder / f"{name}.log", folder / f"{name}.errors"
    with log.open("wb") as output, errors.open("wb") as beside:
        command = [str(PROJECT / process_roles.ENTRYPOINT), name]
        process = subprocess.Popen(command, cwd="/", env=environ, stdout=output, stderr=beside)
    try:
        yield Running(role, port, log, errors, process, environ)
    finally:
        process.kill()
        process.wait()


def content(one: Running) -> None:
    """Wait until the role's probe is content; longer than a quiet machine needs."""
    wait_until(lambda: one.process.poll() is not None or one.get(one.role.liveness)[0] == 200, 180)
    assert one.process.poll() is None, one.errors.read_text() + one.log.read_text()
