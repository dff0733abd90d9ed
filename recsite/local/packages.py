"""Install what root may on Debian and its relatives: the missing half of Python's venv, and Chromium for the tests."""

import os
import shutil
import subprocess

from recsite.local.console import say, step
from recsite.local.paths import LocalError

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def can_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def find_chromium() -> str | None:
    """Find the browser of the browser tests: `CHROMIUM`, else the first one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def bring_chromium() -> None:
    """Install Chromium where it is missing; where that isn't ours to do, the browser tests say what to install."""
    if find_chromium():
        return
    if not can_apt():
        say("== No Chromium here: the browser tests will be skipped (install the package chromium, or set CHROMIUM).")
        return
    with step("Installing Chromium for the browser tests"):
        try:
            apt_install("chromium")
        except LocalError as error:
            say(f"   {error} The browser tests will be skipped.")


def apt_install(package: str) -> None:
    """Install a package, after an update of apt's lists where they don't know it. Raises LocalError."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", package]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for attempt in (command, ["apt-get", "update"], command):
        done = subprocess.run(attempt, capture_output=True, text=True, env=environment, check=False)
        if done.returncode == 0 and attempt is command:
            return
    lines = done.stderr.strip().splitlines()
    raise LocalError(f"apt-get can't install {package}: {lines[-1] if lines else 'it says nothing more'}.")
