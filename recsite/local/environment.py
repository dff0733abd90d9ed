"""Read the environment and the project's .env file, before Django is there to ask."""

import os
from pathlib import Path

from recsite.local.paths import PROJECT


def read_env_file(path: Path) -> dict[str, str]:
    """Read the NAME=value lines of a .env file; quotes and `export` are taken off, the rest stays as it is."""
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and not name.startswith("#"):
            found[name.strip()] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def setting(name: str) -> str:
    """Return the value that the settings will see, or "" (the environment wins over .env)."""
    return os.environ.get(name) or read_env_file(PROJECT / ".env").get(name, "")


def is_set(name: str) -> bool:
    """Tell if a setting has a value, or a file that holds it (NAME_FILE): `recsite.env` reads both."""
    return bool(setting(name) or setting(f"{name}_FILE"))


def state_dir() -> Path:
    """Return the folder that holds what the local servers and the demo write (`RECSITE_STATE`, or .local)."""
    chosen = setting("RECSITE_STATE")
    return (PROJECT / chosen).resolve() if chosen else PROJECT / ".local"


def is_production() -> bool:
    return setting("ENVIRONMENT") == "production"
