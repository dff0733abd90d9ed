"""Run `make check`: style, types, and Django's checks of the production settings."""

import os
import secrets
import subprocess

from recsite.local.console import say
from recsite.local.paths import PROJECT, LocalError

BIN = PROJECT / ".venv" / "bin"
# The checks read settings; none of them talks to these servers.
ADDRESSES = {
    "DATABASE_URL": "postgres://recsite:recsite@127.0.0.1:5432/recsite",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def check() -> None:
    """Run them all, then raise LocalError naming those that failed."""
    python = str(BIN / "python")
    development = {"RECSITE_STATE": str(PROJECT / ".local" / "test")}
    production = {**ADDRESSES, "ENVIRONMENT": "production", "SECRET_KEY": secrets.token_urlsafe(64)}
    production["ERASURE_KEY"] = secrets.token_urlsafe(64)
    checks = {
        "ruff check": ([str(BIN / "ruff"), "check", "."], {}),
        "ruff format --check": ([str(BIN / "ruff"), "format", "--check", "."], {}),
        "mypy": ([str(BIN / "mypy"), "."], ADDRESSES),
        "manage.py makemigrations --check": (
            [python, "manage.py", "makemigrations", "--check", "--dry-run"],
            development,
        ),
        "manage.py lintmigrations": (
            [python, "manage.py", "lintmigrations"],
            {**development, "DJANGO_SETTINGS_MODULE": "tests.linting"},
        ),
        "manage.py check --deploy": (
            [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            {
                **production,
                "ALLOWED_HOSTS": "recsite.example.org",
                "CSRF_TRUSTED_ORIGINS": "https://recsite.example.org",
            },
        ),
    }
    failed = [title for title, (command, more) in checks.items() if not _passes(title, command, more)]
    if failed:
        raise LocalError(f"Failed: {'; '.join(failed)}.")


def _passes(title: str, command: list[str], more: dict[str, str]) -> bool:
    say(f"== {title}")
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, **more}, check=False).returncode == 0
