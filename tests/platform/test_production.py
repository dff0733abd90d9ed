"""Unsafe settings of production: errors stop every start, warnings are said, each with an id."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks.registry import registry

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


@pytest.mark.parametrize(
    ("unsafe", "id_"),
    [
        ({"DEBUG": "true"}, "recsite.E001"),
        ({"ALLOWED_HOSTS": ""}, "recsite.E002"),
        ({"SECRET_KEY": INSECURE}, "recsite.E003"),
        ({"SECRET_KEY_FALLBACKS": INSECURE}, "recsite.E003"),
        ({"CSRF_TRUSTED_ORIGINS": "https://*"}, "recsite.E004"),
        ({"API_AUTH_REQUIRED": "false"}, "recsite.W001"),
        ({"CSRF_TRUSTED_ORIGINS": "https://*.example.com"}, "recsite.W002"),
        ({"STOREFRONT_OPEN": "true", "STOREFRONT_ENABLED": "true"}, "recsite.W003"),
    ],
)
def test_the_check_says_what_is_unsafe(tmp_path: Path, unsafe: dict[str, str], id_: str) -> None:
    done = run(tmp_path, "manage.py", "check", **{**SAFE, **unsafe})
    assert f"({id_})" in done.stderr
    assert (done.returncode != 0) is id_.startswith("recsite.E")


def test_safe_settings_are_passed_over_in_silence(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "check", **SAFE)
    assert (done.returncode, "recsite." in done.stderr) == (0, False)


def test_development_may_be_as_it_likes(tmp_path: Path) -> None:
    assert run(tmp_path, "manage.py", "check", DEBUG="true", API_AUTH_REQUIRED="false").returncode == 0


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


def test_the_check_is_registered() -> None:
    assert production.check in registry.registered_checks
