"""Write the file that names every line that was not imported, and why."""

import csv
from collections.abc import Sequence
from pathlib import Path

from catalog.importers.rows import Rejected
from recsite.platform.exceptions import Explained


class CannotWriteRejected(Explained):
    """Raised where the file of rejected lines can't be written."""


class RejectedFile:
    """Write a CSV file, made when the first line is rejected. An import that goes on adds to the file it began."""

    def __init__(self, path: Path, *, goes_on: bool) -> None:
        self.path = path
        self._mode = "a" if goes_on else "w"
        self.first: Rejected | None = None
        """The first line that was written, for a message."""

    def write(self, rejected: Sequence[Rejected]) -> None:
        """Add lines; they are on the disk when it returns. Raises CannotWriteRejected."""
        if not rejected:
            return
        self.first = self.first or rejected[0]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = self._mode == "w" or not self.path.exists()
            # Bytes that are of no encoding are written as \udc..: no line is lost for them.
            with self.path.open(self._mode, encoding="utf-8", errors="backslashreplace", newline="") as file:
                writer = csv.writer(file)
                writer.writerows([("part", "line", "reason", "raw")] * is_new)
                writer.writerows(rejected)
        except OSError as error:
            raise CannotWriteRejected(
                f"{self.path} can't be written ({error.strerror}). Give another file for the rejected lines, and go on "
                "by the same command."
            ) from error
        self._mode = "a"
