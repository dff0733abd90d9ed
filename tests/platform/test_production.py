"""Unsafe settings of production: errors stop every start, warnings are said, each with an id."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recsite import production
from recsite.local.paths import PROJECT
from tests.platform.test_settings import LIVE, SOUND

SAFE = {**LIVE, "ALLOWED_HOSTS": "recs.example.com", "CSRF_TRUSTED_ORIGINS": "https://recs.example.com"}
INSECURE = "django-insecure-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"


def run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "RECSITE_STATE": str(folder), "PORT": "0", **SOUND, **settings}
    return subprocess.run(
        [sys.executable, *command], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )


def ids(**unsafe: Any) -> list[str | None]:
    safe = {
        "PRODUCTION": True,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["recs.example.com"],
        "SECRET_KEY": LIVE["SECRET_KEY"],
        "SECRET_KEY_FALLBACKS": [],
        "CSRF_TRUSTED_ORIGINS": ["https://recs.example.com"],
        "API_AUTH_REQUIRED": True,
        "STOREFRONT_ENABLED": True,
        "STOREFRONT_OPEN": False,
    }
    return [fault.id for fault in production.faults(SimpleNamespace(**{**safe, **unsafe}))]


@pytest.mark.parametrize(
    ("unsafe", "expected"),
    [
        ({}, []),
        ({"DEBUG": True}, ["recsite.E001"]),
        ({"ALLOWED_HOSTS": []}, ["recsite.E002"]),
        ({"SECRET_KEY": INSECURE}, ["recsite.E003"]),
        ({"SECRET_KEY_FALLBACKS": [INSECURE]}, ["recsite.E003"]),
        ({"CSRF_TRUSTED_ORIGINS": ["https://*"]}, ["recsite.E004", "recsite.W002"]),
        ({"API_AUTH_REQUIRED": False}, ["recsite.W001"]),
        ({"CSRF_TRUSTED_ORIGINS": ["https://*.example.com"]}, ["recsite.W002"]),
        ({"STOREFRONT_OPEN": True}, ["recsite.W003"]),
        ({"STOREFRONT_OPEN": True, "STOREFRONT_ENABLED": False}, []),
        ({"PRODUCTION": False, "DEBUG": True, "ALLOWED_HOSTS": []}, []),
    ],
)
def test_what_is_unsafe_in_production_has_an_id(unsafe: dict[str, Any], expected: list[str]) -> None:
    assert ids(**unsafe) == expected


def test_the_check_command_says_it(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "check", **{**SAFE, "DEBUG": "true", "API_AUTH_REQUIRED": "false"})
    assert done.returncode == 1
    assert all(f"(recsite.{name})" in done.stderr for name in ("E001", "W001"))


@pytest.mark.parametrize(
    "server",
    [
        ("-m", "gunicorn", "-c", "recsite/gunicorn.py"),
        ("-m", "celery", "-A", "recsite.celery", "worker"),
        ("-m", "celery", "-A", "recsite.celery", "beat"),
    ],
)
def test_no_server_starts_with_an_unsafe_setting(tmp_path: Path, server: tuple[str, ...]) -> None:
    done = run(tmp_path, *server, **{**SAFE, "DEBUG": "true", "PORT": "8999"})
    assert done.returncode != 0
    assert "recsite can't start: DEBUG is true in production" in done.stderr
    assert "(recsite.E001)" in done.stderr
    assert "Traceback" not in done.stderr
