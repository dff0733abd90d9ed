"""Name the project's folder and its local state, and define the one error of this package."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


class LocalError(Exception):
    """Report what the user can mend, in one sentence that says what is wrong and what to do."""


def make_state(state: Path) -> Path:
    """Create the state folder. Root's may be entered by the servers' account; what is secret in it is 0600."""
    try:
        if not state.is_dir():
            state.mkdir(parents=True)
            state.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (state / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"{state} can't be written ({error.strerror}): mend its permissions, or set RECSITE_STATE."
        ) from error
    return state


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
