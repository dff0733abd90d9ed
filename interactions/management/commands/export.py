import gzip
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from interactions.exporting import FORMATS, KINDS, Kind, UnknownRow, lines
from recsite.platform.commands import PlainCommand
from recsite.platform.moments import Moment
from recsite.platform.streaming import in_pieces
from recsite.platform.values import WrongValue


class Command(PlainCommand):
    help = (
        "Export all users, items and interactions to files in a folder, in constant memory. 'import_data FOLDER "
        "--format jsonl' (or csv) reads them as they were: ids of events, reviews and events without an item included."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="Where the files go; it is made.")
        parser.add_argument("--only", choices=sorted(KINDS), action="append", help="One of the kinds; repeatable.")
        parser.add_argument("--format", choices=FORMATS, default="jsonl", help="%(default)s if not given.")
        parser.add_argument("--gzip", action="store_true", help="Pack the files.")
        parser.add_argument("--since", metavar="TIME", help="Only rows that came or changed since then.")
        parser.add_argument("--after", metavar="ID", default="", help="Go on behind this row (with one --only).")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = [KINDS[name] for name in options["only"] or KINDS]
        if options["after"] and len(kinds) > 1:
            raise CommandError("--after goes on with one kind of rows: name it with --only.")
        since = _moment(options["since"]) if options["since"] else None
        options["folder"].mkdir(parents=True, exist_ok=True)
        for kind in kinds:
            path = options["folder"] / f"{kind.name}.{options['format']}{'.gz' if options['gzip'] else ''}"
            try:
                written = self._write(kind, path, options["format"], since, options["after"])
            except UnknownRow as error:
                raise CommandError(f"There is no row {options['after']!r} among the {kind.name}.") from error
            self.stdout.write(f"{written:,} {kind.name} are in {path}.")

    def _write(self, kind: Kind, path: Path, format_: str, since: datetime | None, after: str) -> int:
        """Write the rows of one kind; return how many there were. A file that is gone on with grows."""
        with ExitStack() as stack:
            progress = stack.enter_context(tqdm(desc=kind.name, unit=" rows", disable=None, leave=False))
            counted = _Counted(kind.rows(since, after), progress)
            rows: Iterable[Any] = counted
            packed = in_pieces(lines(kind, format_, rows, has_header=not after))
            # The first piece before the file is opened: nothing is overwritten where there is no such row.
            first = next(packed, b"")
            mode = "ab" if after else "wb"
            file: Any = stack.enter_context(path.open(mode))
            if path.suffix == ".gz":
                file = stack.enter_context(gzip.GzipFile(fileobj=file, mode="wb", compresslevel=5))
            file.write(first)
            for piece in packed:
                file.write(piece)
            return counted.number


class _Counted:
    """Count rows on their way. The bar can't tell: where nobody watches, it is off and counts nothing."""

    def __init__(self, rows: Iterable[Any], progress: Any) -> None:
        self._rows, self._progress, self.number = rows, progress, 0

    def __iter__(self) -> Iterator[Any]:
        for row in self._rows:
            self.number += 1
            self._progress.update()
            yield row


def _moment(text: str) -> datetime:
    try:
        return Moment().from_text(text)
    except WrongValue as wrong:
        raise CommandError(f"--since: {wrong}") from wrong
