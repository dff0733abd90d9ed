"""Reads settings from the environment. A wrong value stops the start with one sentence that names the variable."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import environ

T = TypeVar("T")
_env = environ.Env()
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def fail(sentence: str) -> NoReturn:
    """Stops the start: every door (manage.py, gunicorn, celery) prints the sentence and exits with 1."""
    raise SystemExit(f"recsite can't start: {sentence}")


def _read(name: str, default: T, convert: Callable[[str], T], wanted: str) -> T:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return convert(raw)
    except ValueError:
        fail(f"{name} is {raw!r}, but {wanted} is needed.")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in allowed:
        fail(f"{name} is {value!r}, but one of {', '.join(allowed)} is needed.")
    return value


def flag(name: str, default: bool) -> bool:
    def convert(raw: str) -> bool:
        if raw.lower() not in _TRUE | _FALSE:
            raise ValueError(raw)
        return raw.lower() in _TRUE

    return _read(name, default, convert, "true or false")


def integer(name: str, default: int, minimum: int = 0, maximum: int | None = None) -> int:
    wanted = f"a whole number from {minimum}" + (f" to {maximum}" if maximum is not None else " up")

    def convert(raw: str) -> int:
        value = int(raw)
        if value < minimum or (maximum is not None and value > maximum):
            raise ValueError(raw)
        return value

    return _read(name, default, convert, wanted)


def decimal(name: str, default: float, minimum: float, maximum: float) -> float:
    def convert(raw: str) -> float:
        value = float(raw)
        if not minimum <= value <= maximum:
            raise ValueError(raw)
        return value

    return _read(name, default, convert, f"a number between {minimum:g} and {maximum:g}")


def items(name: str, default: list[str]) -> list[str]:
    raw = text(name)
    return [part.strip() for part in raw.split(",") if part.strip()] if raw else default


def database(name: str) -> dict[str, Any]:
    """Django's settings of the PostgreSQL server named by a URL."""
    raw = text(name)
    if not raw:
        fail(
            f"{name} is missing. Set it to postgres://USER:PASSWORD@HOST:PORT/NAME, "
            "or run `make demo`, which brings a server."
        )
    try:
        config: dict[str, Any] = _env.db_url_config(raw)
    except (ValueError, environ.ImproperlyConfigured):
        fail(f"{name} is no database address. It looks like postgres://USER:PASSWORD@HOST:PORT/NAME.")
    if config.get("ENGINE") != "django.db.backends.postgresql":
        fail(f"{name} must start with postgres://, because recsite stores everything in PostgreSQL.")
    return config


def redis_url(name: str) -> str:
    raw = text(name)
    if not raw:
        fail(f"{name} is missing. Set it to redis://HOST:PORT/0, or run `make demo`, which brings a server.")
    if urlsplit(raw).scheme not in {"redis", "rediss", "unix"}:
        fail(f"{name} must start with redis:// or rediss://, such as redis://127.0.0.1:6379/0.")
    return raw


def secret_key(name: str, production: bool, state: Path) -> str:
    """The secret from the environment; a development machine makes its own once and keeps it in the state folder."""
    value = text(name)
    if production:
        if len(value) < 50:
            fail(f"{name} must be a random text of at least 50 characters in production.")
        return value
    path = state / "secret_key"
    if not value and not path.exists():
        state.mkdir(parents=True, exist_ok=True)
        _write_once(path, secrets.token_urlsafe(64))
    return value or path.read_text().strip()


def _write_once(path: Path, content: str) -> None:
    """Writes whole or not at all; of two processes that start together, the first one's secret stays."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
