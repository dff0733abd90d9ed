"""Parts of all commands: a sentence and an exit code instead of a traceback, a progress bar, tables."""

import os
import shutil
import signal
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from tqdm import tqdm

from recsite.platform import pulse
from recsite.platform.exceptions import UserFacingError

LARGEST = 2**31 - 1
DISK_FULL = "53100"
NO_TABLES = ("42P01", "42703")
"""A table or a column that isn't there."""

LEAST_FREE = 32 * 1024 * 1024
"""The bytes under which a disk counts as full: PostgreSQL wants 16 MB for each file of its log."""

NOBODY_READS = 141
"""The exit code of a command whose reader has left."""

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C stopped, as shells have it."""


class PlainCommand(BaseCommand):
    """Says what went wrong in one sentence and exits with 1; with 130 after Ctrl-C."""

    needs_database = True

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            # Before anything else, so that a server that is gone is the one thing that is said.
            if self.needs_database:
                connection.ensure_connection()
            return super().execute(*args, **options)
        except UserFacingError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(_outage(error)) from error
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", None) not in NO_TABLES:
                raise
            raise CommandError("The database does not have all tables yet: run 'manage.py migrate' first.") from error
        except BrokenPipeError:
            # Whoever read along has left, as `head` does: nothing is wrong, and nobody is there to be told.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(NOBODY_READS) from None
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise CommandError(
                f"The system refuses: {error.strerror or error}{where}. Mend that, then try again."
            ) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from error


def _outage(error: Exception) -> str:
    """Explain why PostgreSQL doesn't answer. A full disk makes it end connections without another word."""
    disk_full = getattr(error.__cause__, "sqlstate", None) == DISK_FULL
    if disk_full or shutil.disk_usage(settings.STATE_DIR).free < LEAST_FREE:
        where = "PostgreSQL's disk" if disk_full else f"The disk of {settings.STATE_DIR}"
        return f"{where} is full: free some space, then do it again. Nothing that was stored is lost."
    said = str(error).strip().split("\n")[0].rstrip(".")
    return f"PostgreSQL can't do that now: {said}. Check DATABASE_URL and the server."


@contextmanager
def until_told() -> Iterator[Callable[[], bool]]:
    """Let a command work until stopped: SIGTERM or Ctrl-C makes the function true, a second one ends the work."""
    told = list[int]()

    def hear(number: int, _: FrameType | None) -> None:
        told.append(number)
        if len(told) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield partial(_is_told, told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_told(told: list[int]) -> bool:
    """Tell whether a stop was asked for. Loops ask at each turn: whoever looks after them knows that they go on."""
    pulse.beat()
    return bool(told)


def whole_number(text: str) -> int:
    """Parse an argument that is a whole number and fits an integer of the database."""
    if not text.isdecimal() or int(text) > LARGEST:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 to {LARGEST}")
    return int(text)


def mapping(text: str) -> dict[str, str]:
    """Parse an argument that names columns: {"user_id": "reader"} from "user_id=reader"."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(field.strip() and column.strip() for field, _, column in pairs):
        raise ArgumentTypeError(f"{text!r} is not of the form user_id=COLUMN,item_id=COLUMN")
    found = {field.strip(): column.strip() for field, _, column in pairs}
    if len(found) < len(pairs) or len(set(found.values())) < len(pairs):
        raise ArgumentTypeError(f"{text!r} names a field or a column twice")
    return found


@contextmanager
def progress_bar() -> Iterator[Callable[[float, str], None]]:
    """Show a bar in the terminal; yield what moves it: `show(0.4, "fitting svd")`. Without a terminal it is silent."""
    with tqdm(total=1.0, disable=None, bar_format="{percentage:3.0f}% |{bar:30}| {elapsed} {desc}") as bar:

        def show(done: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(max(done - bar.n, 0))

        yield show
        show(1.0, "")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table; columns of numbers are aligned to the right."""
    columns = [_column(*column) for column in zip(headings, *rows, strict=True)]
    return ("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))


def _column(heading: str, *cells: object) -> list[str]:
    texts = [heading, *("" if cell is None else str(cell) for cell in cells)]
    align = str.rjust if all(isinstance(cell, int | float) for cell in cells) else str.ljust
    return [align(text, max(map(len, texts))) for text in texts]
