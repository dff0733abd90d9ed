"""Ask a role of this machine whether it works, cheaply: a probe does so every few seconds."""

import http.client
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from recsite import process_roles
from recsite.local.environment import read_env_file
from recsite.process_roles import MIGRATE, PROJECT, Role

TIMEOUT_SECS = 5.0
ROLE = b"RECSITE_ROLE="


def ask(role: Role, environ: Mapping[str, str]) -> tuple[bool, str]:
    """Return whether it works, and one sentence. Raises ValueError where the setting of its port is no number."""
    if role.port is None:
        return True, f"The role {MIGRATE} ends by itself: its exit code says how it went."
    port = role.port.of(environ)
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECS)) as connection:
            connection.request("GET", role.liveness, headers={"Host": _host(environ)})
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
    except TimeoutError:
        return False, f"The {role.name} on port {port} doesn't answer within {TIMEOUT_SECS:.0f} seconds: it hangs."
    except (OSError, http.client.HTTPException) as fault:
        said = getattr(fault, "strerror", None) or fault
        return False, f"The {role.name} doesn't answer on port {port} ({said}): it isn't started yet, or has ended."
    if status == http.HTTPStatus.OK:
        return True, f"The {role.name} works."
    return False, f"The {role.name} doesn't work: {_said(body) or f'it answers with {status}'}."


def _host(environ: Mapping[str, str]) -> str:
    """Return a name that the site answers to: in production an address of this machine is none."""
    name = environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().removeprefix(".")
    return name if name and name != "*" else "127.0.0.1"


def main(arguments: Sequence[str]) -> NoReturn:
    """Print one sentence and end: with 0 where the role that is named works, or the container's own where none is."""
    named = list(arguments) or [running_role()]
    if len(named) != 1 or not named[0]:
        _end(False, f"Name one role: {', '.join(process_roles.ROLES)}.")
    try:
        _end(*ask(process_roles.of(named[0]), {**read_env_file(PROJECT / ".env"), **os.environ}))
    except ValueError as wrong:
        _end(False, str(wrong))


def running_role(first_process: Path = Path("/proc/1/environ")) -> str:
    """Return the role of a container's first process, as the entry point told it; empty where there is none."""
    try:
        values = first_process.read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((value[len(ROLE) :].decode() for value in values if value.startswith(ROLE)), "")


def _end(works: bool, sentence: str) -> NoReturn:
    sys.stdout.write(f"{sentence}\n")
    sys.exit(0 if works else 1)


def _said(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return ""
