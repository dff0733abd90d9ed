#!/usr/bin/env python
"""Run Django's commands; bring PostgreSQL and Redis where none are configured, and the Kafka of a demo."""

import importlib.util
import os
import signal
import sys
from pathlib import Path

from recsite.local import environment, servers
from recsite.local.kafka import Kafka
from recsite.local.paths import PROJECT, LocalError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    if importlib.util.find_spec("django") is None:
        use_the_project_python()
    if not environment.is_production():
        bring_servers()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def use_the_project_python() -> None:
    """Start again with the virtual environment's Python, or say how to get one."""
    python = PROJECT / ".venv" / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == PROJECT / ".venv":
        sys.exit("Django isn't installed here: run 'make setup', then '.venv/bin/python manage.py'.")
    os.execv(python, [str(python), *sys.argv])


def bring_servers() -> None:
    try:
        brought = servers.ensure()
        servers.join(Kafka)
    except (LocalError, OSError) as error:
        sys.exit(str(error))
    if brought.running and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        # Without this a SIGTERM would end Python at once, and the servers would stay behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


if __name__ == "__main__":
    main()
