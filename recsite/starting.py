"""Start one role of the image: check the settings, then become the process. `deploy/docker/entrypoint` calls it."""

import os
import shutil
import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from recsite import process_roles
from recsite.process_roles import Role


def main(arguments: Sequence[str]) -> NoReturn:
    """Become the role that is named, or the command of manage.py. What is wrong is one sentence and an exit code."""
    os.chdir(process_roles.PROJECT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    if arguments[:1] == ["manage.py"]:
        become([sys.executable, *arguments])
    if len(arguments) != 1:
        known = ", ".join(process_roles.ROLES)
        refuse(f"Name one role ({known}), or manage.py with a command.", process_roles.WRONG_USE)
    try:
        role = process_roles.of(arguments[0])
    except ValueError as unknown:
        refuse(str(unknown), process_roles.WRONG_USE)
    # Told to the process itself: it answers on METRICS_PORT, and all it says is lines of JSON.
    os.environ["RECSITE_ROLE"] = role.name
    settings = checked(role)
    if role.name == process_roles.WORKER:
        share_counters(settings, os.environ)
    become(role.command(os.environ))


def checked(role: Role) -> Any:
    """Return the settings; refuse those with which the role could not work."""
    try:
        # Not before: reading them is what may fail.
        settings: Any = import_module("recsite.settings")
        import_module("recsite.production").refuse_errors(settings)
    except SystemExit as wrong:
        refuse(str(wrong))
    if role.needs_kafka and not settings.KAFKA_BOOTSTRAP_SERVERS:
        refuse(
            f"recsite can't start: KAFKA_BOOTSTRAP_SERVERS is not set, and the role {role.name} is for Kafka alone. "
            "Set it, or leave the role out."
        )
    folder = settings.STATE_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        refuse(
            f"recsite can't start: RECSITE_STATE is {folder}, which can't be written by the user {os.getuid()}. "
            "Mount a folder there that can."
        )
    return settings


def share_counters(settings: Any, environ: MutableMapping[str, str]) -> None:
    """Have a worker's children count in files of one folder: prometheus_client asks for it at its first import."""
    folder = settings.STATE_DIR / "metrics" / f"{process_roles.WORKER}-{settings.METRICS_PORT}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def become(command: list[str]) -> NoReturn:
    """Run the command in the place of this process, which takes no buffers along."""
    sys.stdout.flush()
    os.execv(command[0], command)


def refuse(sentence: str, code: int = process_roles.WRONG_SETTINGS) -> NoReturn:
    """Say what is wrong on standard error, and end."""
    sys.stderr.write(f"{sentence}\n")
    sys.exit(code)
