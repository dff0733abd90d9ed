"""Make the project's virtual environment where it is missing or broken, and leave a sound one alone."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from recsite.local import locks
from recsite.local.console import say, step
from recsite.local.packages import apt_install, can_apt
from recsite.local.paths import PROJECT, LocalError

VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
REQUIREMENTS = [PROJECT / "requirements.txt", PROJECT / "requirements-dev.txt"]


def setup() -> None:
    """Make `.venv` with the pinned requirements. Takes no time where that is done already."""
    if is_done():
        return
    # The lock is a file that every clone has: of two people who start at once, one installs and the other waits.
    with locks.exclusive(REQUIREMENTS[0]):
        if is_done():
            return
        if not is_sound():
            _make()
        with step("Installing the pinned packages"):
            _install()
        STAMP.write_text(wanted())


def is_done() -> bool:
    return PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == wanted()


def wanted() -> str:
    """Describe what a finished environment was made from. Its path is part of that: scripts inside name it."""
    parts = [str(VENV).encode(), *(path.read_bytes() for path in REQUIREMENTS)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_sound() -> bool:
    """Tell if there is an environment that works and was made in this place, not moved or copied here."""
    pip = VENV / "bin" / "pip"
    if not PYTHON.exists() or not pip.is_file() or str(PYTHON) not in pip.read_text(errors="replace"):
        return False
    code = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", code], capture_output=True, check=False).returncode == 0


def _make() -> None:
    with step(f"Making .venv with Python {sys.version.split()[0]}"):
        if importlib.util.find_spec("ensurepip") is None:
            _bring_ensurepip()
        try:
            shutil.rmtree(VENV, ignore_errors=True)
            _run([sys.executable, "-m", "venv", "--clear", VENV])
        except (OSError, subprocess.CalledProcessError) as error:
            raise LocalError(f"The virtual environment {VENV} can't be made: {_reason(error)}") from error


def _bring_ensurepip() -> None:
    """Install ensurepip: Debian and Ubuntu keep this part of Python in a package of its own."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not can_apt():
        raise LocalError(
            f"This Python can't make virtual environments: install the package {package}, then start again."
        )
    apt_install(package)


def _install() -> None:
    files = [part for path in REQUIREMENTS for part in ("-r", path)]
    try:
        _run([PYTHON, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", _uv_requirement()])
        _run(
            [PYTHON, "-m", "uv", "pip", "install", "-q", "--python", PYTHON, "--require-hashes", *files],
            _uv_environment(),
        )
        return
    except subprocess.CalledProcessError as error:
        say(f"   uv can't do it ({_reason(error)}); pip can, but takes a minute or two.")
    try:
        _run([PYTHON, "-m", "pip", "install", "-q", "--require-hashes", *files])
    except subprocess.CalledProcessError as error:
        raise LocalError(f"The packages can't be installed: {_reason(error)}") from error


def _uv_requirement() -> Path:
    """Cut the requirement of uv, with its hashes, out of ours."""
    found = re.search(r"^uv==(?:.*\\\n)*.*", REQUIREMENTS[1].read_text(), re.MULTILINE)
    if not found:
        raise LocalError("requirements-dev.txt doesn't name uv: compile it again with 'make lock'.")
    path = VENV / "uv.txt"
    path.write_text(found[0] + "\n")
    return path


def _uv_environment() -> dict[str, str]:
    """Hand uv the package index and the certificates that pip uses: uv reads no pip.conf."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    told = dict(re.findall(r"\.(index-url|cert)='(.+)'$", listed, re.MULTILINE))
    wanted = {"UV_DEFAULT_INDEX": told.get("index-url"), "SSL_CERT_FILE": told.get("cert")}
    if not os.access(Path.home(), os.W_OK):
        wanted["UV_NO_CACHE"] = "1"
    return {name: value for name, value in wanted.items() if value and name not in os.environ}


def _run(command: list[str | Path], more: dict[str, str] | None = None) -> None:
    environment = {**os.environ, **(more or {}), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=PROJECT)


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    """Return the line that says most: the first one with an error in it, else the last."""
    if isinstance(error, OSError):
        return f"{error.strerror}."
    lines = [line.strip() for line in f"{error.stdout}\n{error.stderr}".splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines[-1:]
    return telling[0] if telling else f"exit code {error.returncode}"
