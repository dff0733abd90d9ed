"""What our commands share: a sentence and an exit code instead of a traceback, a progress bar, tables to read."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from tqdm import tqdm

from recsite.platform.exceptions import Explained

LARGEST = 2**31 - 1
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C stopped, as shells have it."""


class PlainCommand(BaseCommand):
    """Says what went wrong in one sentence and exits with 1; with 130 after Ctrl-C."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except Explained as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            said = str(error).strip().split("\n")[0]
            raise CommandError(f"PostgreSQL can't do that now: {said}. Check DATABASE_URL and the server.") from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise CommandError(
                f"The system refuses: {error.strerror or error}{where}. Mend that, then try again."
            ) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from error


def whole_number(text: str) -> int:
    """The type of an argument that is a whole number and fits an integer of the database."""
    if not text.isdecimal() or int(text) > LARGEST:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 to {LARGEST}")
    return int(text)


@contextmanager
def progress_bar() -> Iterator[Callable[[float, str], None]]:
    """A bar in the terminal, and what moves it: `show(0.4, "fitting svd")`. Without a terminal it stays silent."""
    with tqdm(total=1.0, disable=None, bar_format="{percentage:3.0f}% |{bar:30}| {elapsed} {desc}") as bar:

        def show(done: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(max(done - bar.n, 0))

        yield show
        show(1.0, "")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """The lines of a table; columns of numbers are aligned to the right."""
    columns = [_column(*column) for column in zip(headings, *rows, strict=True)]
    return ("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))


def _column(heading: str, *cells: object) -> list[str]:
    texts = [heading, *("" if cell is None else str(cell) for cell in cells)]
    align = str.rjust if all(isinstance(cell, int | float) for cell in cells) else str.ljust
    return [align(text, max(map(len, texts))) for text in texts]
