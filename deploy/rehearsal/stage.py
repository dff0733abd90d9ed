"""Start and stop the processes of the rehearsal: each role through the shipped entry point, with its shipped probe."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from recsite import process_roles
from recsite.local.paths import PROJECT
from recsite.local.processes import wait_until
from recsite.local.server import free_port
from recsite.process_roles import ENTRYPOINT, HEALTHCHECK, WEB, WORKER

HEALTHY_SECS = 180.0


class Failed(Exception):
    """Say which promise was not kept."""


@dataclass
class Actor:
    """Hold one running role."""

    name: str
    role: str
    port: int
    environ: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and wait until its own probe is content."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [PROJECT / ENTRYPOINT, self.role],
                cwd=PROJECT,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if not wait_until(self.is_healthy, HEALTHY_SECS):
            raise Failed(f"{self.name} is not healthy after {HEALTHY_SECS:.0f} seconds: see {self.log}.")

    def is_healthy(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise Failed(f"{self.name} has ended: see {self.log}.")
        probe = [str(PROJECT / HEALTHCHECK), self.role]
        return subprocess.run(probe, env=self.environ, capture_output=True, check=False).returncode == 0

    def stop(self) -> float:
        """Stop it as an orchestrator does; return the seconds that took. Raises Failed where it takes too long."""
        assert self.process is not None
        most, began = process_roles.of(self.role).stop_secs + 15, time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(most)
        except subprocess.TimeoutExpired as slow:
            raise Failed(f"{self.name} has not stopped within {most} seconds.") from slow
        if code:
            raise Failed(f"{self.name} ended with {code} when it was told to stop: see {self.log}.")
        self.process = None
        return time.monotonic() - began


@dataclass
class Stage:
    """Hold all roles, and the settings that they share."""

    folder: Path
    settings: dict[str, str]
    actors: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path) -> "Stage":
        """Prepare production's settings; secrets are files, as containers get them."""
        (folder / "secrets").mkdir(parents=True, exist_ok=True)
        for name in ("SECRET_KEY", "ERASURE_KEY", "JWT_SECRET"):
            path = folder / "secrets" / name
            if not path.exists():
                path.write_text(secrets.token_urlsafe(64))
        named = ("SECRET_KEY", "ERASURE_KEY", "JWT_SECRET")
        settings = {
            **{name: value for name, value in os.environ.items() if name not in named},
            **{f"{name}_FILE": str(folder / "secrets" / name) for name in named},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ENVIRONMENT": "production",
            "DJANGO_SETTINGS_MODULE": "recsite.settings",
            "ALLOWED_HOSTS": "shop.test,127.0.0.1",
            "CSRF_TRUSTED_ORIGINS": "https://shop.test",
            "TRUSTED_PROXY_COUNT": "1",
            # All load comes by one key.
            "RATE_LIMIT_ENABLED": "false",
            "DRAIN_SECS": "3",
            "MODEL_STORAGE_PATH": str(folder / "models"),
            "MODEL_CACHE_DIR": str(folder / "cache"),
            "CATALOGUE_CACHE_DIR": str(folder / "catalogue"),
            "UPLOAD_STORAGE_PATH": str(folder / "uploads"),
            "BACKUP_STORAGE_PATH": str(folder / "backups"),
        }
        return cls(folder, settings)

    def start(self, name: str, role: str, **more: str) -> Actor:
        """Start a role, with a state folder and a port of its own."""
        port, state = free_port(), self.folder / "state" / name
        state.mkdir(parents=True, exist_ok=True)
        about = process_roles.of(role)
        assert about.port is not None
        environ = {**self.settings, "RECSITE_STATE": str(state), about.port.setting: str(port), **more}
        if role == WEB:
            environ["BIND"] = f"127.0.0.1:{port}"
        actor = Actor(name, role, port, environ, self.folder / f"{name}.log")
        self.actors[name] = actor
        actor.start()
        return actor

    def command(self, *arguments: str, **more: str) -> str:
        """Run a command of manage.py, or the role `migrate`, through the entry point; return what it said."""
        state = self.folder / "state" / "command"
        state.mkdir(parents=True, exist_ok=True)
        environ = {**self.settings, "RECSITE_STATE": str(state), **more}
        done = subprocess.run(
            [PROJECT / ENTRYPOINT, *arguments], cwd=PROJECT, env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Failed(f"{' '.join(arguments)} failed: {(done.stderr or done.stdout).strip()[-400:]}")
        return done.stdout

    def stop(self) -> None:
        """Stop whoever still runs, whatever has happened."""
        for actor in self.actors.values():
            if actor.process is not None and actor.process.poll() is None:
                actor.process.terminate()
        for actor in self.actors.values():
            if actor.process is not None:
                try:
                    actor.process.wait(45)
                except subprocess.TimeoutExpired:
                    actor.process.kill()

    def queue(self, name: str) -> Actor:
        """Start a worker of one queue."""
        return self.start(f"worker-{name}", WORKER, WORKER_QUEUE=name)

    def demo(self) -> dict[str, str]:
        """Return what the preparation has written: accounts, and a key for clients."""
        found: dict[str, str] = json.loads((self.folder / "state" / "command" / "demo.json").read_text())
        return found
