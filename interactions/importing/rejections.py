"""Write the file that names every line that was not imported, and why."""

import csv
import fcntl
import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.storage import storages

from catalog import erasure
from catalog.ids import InvalidId, clean_id
from catalog.importers.rows import Rejected
from interactions.models import ImportRun
from recsite.platform.exceptions import UserFacingError

logger = logging.getLogger(__name__)
UNKNOWN_ITEM = "unknown item"
NAMED = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*?(?=[.,:;]?(\s|$))")
"""What a reason names: texts in quotes, and words with digits. Names of fields stay."""

HEADER = ("part", "line", "reason", "raw")
SEPARATORS = re.compile(r"::|[,;|\t]")
QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
QUOTES = "\"' "


class CannotWriteRejected(UserFacingError):
    """Raised where the file of rejected lines can't be written."""


class RejectedFile:
    """Write a CSV file, made when the first line is rejected. An import that goes on adds to the file it began."""

    def __init__(self, path: Path, *, goes_on: bool) -> None:
        self.path = path
        self._mode = "a" if goes_on else "w"
        self.first: Rejected | None = None
        """The first line that was written, for a message."""
        self.reasons = Counter[str]()

    def write(self, rejected: Sequence[Rejected]) -> None:
        """Add lines; they are on the disk when it returns. Raises CannotWriteRejected."""
        if not rejected:
            return
        self.first = self.first or rejected[0]
        self.reasons.update(_kind(one.reason) for one in rejected)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = self._mode == "w" or not self.path.exists()
            with _locked(self.path, self._mode) as file:
                writer = csv.writer(file)
                writer.writerows([HEADER] * is_new)
                writer.writerows(rejected)
        except OSError as error:
            raise CannotWriteRejected(
                f"{self.path} can't be written ({error.strerror}). Give another file for the rejected lines, and go on "
                "by the same command."
            ) from error
        self._mode = "a"


def _kind(reason: str) -> str:
    """Return a reason without the ids that it names, so that few kinds are counted of many lines."""
    return UNKNOWN_ITEM if reason.startswith(UNKNOWN_ITEM) else NAMED.sub("…", reason)


def erased_line(part: str, line: int) -> Rejected:
    """Return the entry of a line about an erased user, without what it says."""
    return Rejected(part, line, erasure.REASON, "")


def redact(rejected: Sequence[Rejected]) -> list[Rejected]:
    """Return the entries, without the text of lines that name an erased user."""
    if not rejected or not erasure.is_anybody_erased():
        return list(rejected)
    named = [_names(one.raw) for one in rejected]
    erased = erasure.erased_among(set().union(*named))
    return [
        erased_line(one.part, one.line) if names & erased else one for one, names in zip(rejected, named, strict=True)
    ]


def redact_files(user_ids: Collection[str]) -> None:
    """Take lines that name these users out of the files of rejected lines that are on this machine."""
    default = Path(settings.STATE_DIR) / "rejected"
    known = {Path(name) for names in ImportRun.objects.values_list("rejected_files", flat=True) for name in names}
    brought = Path(storages["uploads"].path("imports")).glob("*/rejected-by-*.csv")
    for path in sorted({*known, *default.glob("*.csv"), *brought}):
        try:
            _redact_file(path, set(user_ids))
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.error("%s can't be cleared of erased users: %s.", path, error.strerror)


def _redact_file(path: Path, user_ids: Collection[str]) -> None:
    with _locked(path, "r+") as file:
        rows = list(csv.reader(file))
        kept = [[*row[:2], erasure.REASON, ""] if _names_any(row, user_ids) else row for row in rows]
        if kept != rows:
            file.seek(0)
            csv.writer(file).writerows(kept)
            file.truncate()


def _names_any(row: Sequence[str], user_ids: Collection[str]) -> bool:
    return len(row) == len(HEADER) and not _names(f"{row[2]},{row[3]}").isdisjoint(user_ids)


def _names(raw: str) -> set[str]:
    """Return what may be an id in a line of any format: its fields, and what stands in quotes."""
    found = {part.strip(QUOTES) for part in SEPARATORS.split(raw)}
    found.update(one or other for one, other in QUOTED.findall(raw))
    return set(_cleaned(found))


def _cleaned(texts: Collection[str]) -> Iterator[str]:
    for text in texts:
        with suppress(InvalidId):
            yield clean_id(text)


@contextmanager
def _locked(path: Path, mode: str) -> Iterator[IO[str]]:
    """Open a file that nobody else rewrites meanwhile. Bytes that are of no encoding are written as \\udc..."""
    with path.open(mode, encoding="utf-8", errors="backslashreplace", newline="") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
