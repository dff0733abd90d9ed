"""Reads settings from the environment. A wrong value stops the start with one sentence that names the variable."""

import hmac
import os
import secrets
import warnings
from collections.abc import Callable
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import environ

PROJECT = Path(__file__).resolve().parent.parent
T = TypeVar("T")
_env = environ.Env()
SHORTEST_NAME, LIKENESS = 6, 0.9
LONG_ENOUGH, FEW_CHARACTERS = 50, 10
"""What Django's own check asks of a secret is about as much."""

KAFKA_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
FORMER_NAMES = {"SERVED_LIST_RETENTION_MONTHS": "IMPRESSION_RETENTION_MONTHS"}
"""Names that settings had before, by the names they have now: both work."""

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


ELSEWHERE = ("PORT", "BIND", "RECSITE_STARTED", "RECSITE_ROLE")
"""Names that the web server and the local servers read."""

SECRETS = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "ERASURE_KEY",
    "JWT_SECRET",
    "JWT_SECRET_FALLBACKS",
    "DATABASE_URL",
    "DATABASE_READ_URL",
    "DATABASE_DIRECT_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "KAFKA_SASL_PASSWORD",
    "KAFKA_SSL_KEY_PASSWORD",
    "MODEL_STORAGE_ACCESS_KEY",
    "MODEL_STORAGE_SECRET_KEY",
    "EMAIL_HOST_PASSWORD",
    "OIDC_CLIENT_SECRET",
    "BACKUP_KEY",
    "BACKUP_STORAGE_ACCESS_KEY",
    "BACKUP_STORAGE_SECRET_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
)
"""Settings that may come from a file, as secrets of containers do: NAME_FILE holds its path. No value is shown."""

_asked = set(ELSEWHERE)


def warn_of_misspelt_names() -> None:
    """Warn of names in the environment that look like one of ours with a slip in it: nothing else would tell."""
    files = {f"{name}_FILE" for name in SECRETS}
    known = sorted(name for name in _asked | FORMER_NAMES.keys() | files if len(name) >= SHORTEST_NAME)
    for name in sorted(os.environ.keys() - _asked - FORMER_NAMES.keys() - files):
        if meant := get_close_matches(name, known, 1, LIKENESS):
            warnings.warn(f"{name} is no setting of recsite. Is {meant[0]} meant?", stacklevel=2)


def fail(sentence: str) -> NoReturn:
    """Stop the start: every door (manage.py, gunicorn, celery) prints the sentence and exits with 1."""
    raise SystemExit(f"recsite can't start: {sentence}")


def _read(name: str, default: T, convert: Callable[[str], T], wanted: str) -> T:
    raw = text(name)
    if not raw:
        return default
    try:
        return convert(raw)
    except ValueError:
        fail(f"{name} is {raw!r}, but {wanted} is needed.")


def take_former_names() -> None:
    """Read settings by their former names too, with a warning; the present name wins where both are set."""
    for former, present in FORMER_NAMES.items():
        if former in os.environ and present not in os.environ:
            os.environ[present] = os.environ[former]
            warnings.warn(f"{former} is now called {present}: rename it in the environment or .env.", stacklevel=2)


def is_production() -> bool:
    """Tell if the environment is that of production, for settings whose default depends on it."""
    return text("ENVIRONMENT") == "production"


def text(name: str, default: str = "") -> str:
    """Read a text; one of SECRETS may also stand in the file that NAME_FILE names."""
    _asked.add(name)
    value = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE", "").strip() if name in SECRETS else ""
    if value and path:
        fail(f"{name} and {name}_FILE are both set: keep one of them.")
    return value or (_secret(name, Path(path)) if path else default)


def _secret(name: str, path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        said = getattr(fault, "strerror", None) or "it is no text"
        fail(f"{name}_FILE is {path}, which can't be read ({said}). Name a file that the user {os.getuid()} can read.")
    if not value:
        fail(f"{name}_FILE is {path}, which is empty: write the secret into it.")
    return value


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


def pairs(name: str) -> dict[str, str]:
    """Read names with a value each, as in `first=this, second=that`."""
    found = {}
    for part in items(name, []):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not (key and sign and value):
            fail(f"{name} holds {part!r}, but pairs are needed, such as name=value, separated by commas.")
        found[key] = value
    return found


def hosts(name: str, default: list[str], production: bool) -> list[str]:
    """Read host names: no scheme, port or path; in production no `*`."""
    found = items(name, default)
    for host in found:
        bare = host.removeprefix("[").removesuffix("]")
        if not host or set(host) & set("/ @?#") or (":" in host and bare == host):
            fail(f"{name} holds {host!r}, but a host name alone is needed, such as recs.example.com.")
        if production and host == "*":
            fail(f"{name} is *, which lets anybody pass for this site: name its hosts.")
    return found


def origins(name: str) -> list[str]:
    """Read origins: scheme and host, and nothing behind them."""
    found = items(name, [])
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            fail(f"{name} holds {origin!r}, but an origin is needed, such as https://recs.example.com.")
    return found


def networks(name: str, default: tuple[str, ...] = ()) -> list[IPv4Network | IPv6Network]:
    """Read addresses and networks, such as 203.0.113.7 and 198.51.100.0/24."""
    found = []
    for one in items(name, list(default)):
        try:
            found.append(ip_network(one))
        except ValueError:
            fail(f"{name} holds {one!r}, but an address or a network is needed, such as 198.51.100.0/24.")
    return found


def database(name: str) -> dict[str, Any]:
    """Return Django's settings of the PostgreSQL server named by a URL."""
    raw = text(name)
    if not raw:
        fail(
            f"{name} is missing. Set it to postgres://USER:PASSWORD@HOST:PORT/NAME, "
            "or run `make demo`, which brings a server."
        )
    try:
        _check_port(raw)
        config: dict[str, Any] = _env.db_url_config(raw)
    except (ValueError, environ.ImproperlyConfigured):
        fail(f"{name} is no database address. It looks like postgres://USER:PASSWORD@HOST:PORT/NAME.")
    if config.get("ENGINE") != "django.db.backends.postgresql":
        fail(f"{name} must start with postgres://, because recsite stores everything in PostgreSQL.")
    if not config.get("NAME"):
        fail(f"{name} names no database. It looks like postgres://USER:PASSWORD@HOST:PORT/NAME.")
    return config


def redis_url(name: str, default: str = "") -> str:
    raw = text(name, default)
    if not raw:
        fail(f"{name} is missing. Set it to redis://HOST:PORT/0, or run `make demo`, which brings a server.")
    parts = urlsplit(raw)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        fail(f"{name} must start with redis:// or rediss://, such as redis://127.0.0.1:6379/0.")
    try:
        _check_port(raw)
    except ValueError:
        fail(f"{name} is no address of a Redis. It looks like redis://HOST:PORT/0.")
    number = parts.path.strip("/")
    if parts.scheme != "unix" and number and not number.isdecimal():
        fail(f"{name} ends in {number!r}, but the number of a database is needed, such as 0.")
    return raw


def _check_port(url: str) -> None:
    """Check the port of a URL. Raises ValueError where it is no number from 1 to 65535."""
    if urlsplit(url).port == 0:
        raise ValueError(url)


def secret_key(name: str, production: bool, state: Path, other_than: str = "") -> str:
    """Return the secret from the environment; a development machine makes its own once, in the state folder."""
    value = text(name)
    if value and value == other_than:
        fail(f"{name} is the same as another secret: make a random text of its own.")
    if production and len(value) < LONG_ENOUGH:
        fail(f"{name} must be a random text of at least {LONG_ENOUGH} characters in production.")
    if value and (len(value) < LONG_ENOUGH or len(set(value)) < FEW_CHARACTERS):
        fail(f"{name} must be a random text of at least {LONG_ENOUGH} characters, or not be set at all in development.")
    if production:
        return value
    path = state / name.lower()
    if not value and not path.exists():
        try:
            state.mkdir(parents=True, exist_ok=True)
            _write_once(path, secrets.token_urlsafe(64))
        except OSError as fault:
            fail(f"RECSITE_STATE is {state}, which can't be written ({fault.strerror}). Choose a folder that can.")
    return value or path.read_text().strip()


def derived_secret(name: str, base: str) -> str:
    """Return a secret from the environment; where there is none, one derived from another secret."""
    value = text(name)
    if value == base:
        fail(f"{name} is the same as another secret: make a random text of its own.")
    if value and (len(value) < LONG_ENOUGH or len(set(value)) < FEW_CHARACTERS):
        fail(f"{name} must be a random text of at least {LONG_ENOUGH} characters, or not be set at all.")
    return value or hmac.new(base.encode(), name.encode(), "sha512").hexdigest()


def _write_once(path: Path, content: str) -> None:
    """Write whole or not at all; of two processes that start together, the first one's secret stays."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


# On import, so that every module that reads settings sees .env; what is in the environment already wins.
environ.Env.read_env(PROJECT / ".env")
take_former_names()
