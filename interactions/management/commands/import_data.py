from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from catalog.hidden import hidden_items
from catalog.importers.registry import FORMATS, open_format
from catalog.importers.rows import DataSet, Scale, UnreadableSource
from interactions import importing
from interactions.importing import ImportReport
from interactions.importing.bar import import_bar
from recsite.platform.commands import PlainCommand, mapping

MOST_BATCH_ROWS = 1_000_000
FEEDBACK_TYPES = {
    "positive": "'like,read>=3': they speak for an item. Without these three every type that is new does.",
    "read": "read: they hide an item from the user's lists, and say no more.",
    "negative": "dislike: they speak against an item.",
}


class Command(PlainCommand):
    help = (
        "Import users, items and events from files: a folder, one file or a .zip archive; gzipped files as they are. "
        "An import that was cut short goes on where it stopped, and importing twice changes nothing; a rating with "
        "another value than before is corrected. Lines that can't be used are skipped and written to a file with the "
        "reason. Exits with 1 where nothing could be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="The folder, file or archive.")
        parser.add_argument("--format", required=True, metavar="FORMAT", help=f"One of {', '.join(sorted(FORMATS))}.")
        parser.add_argument(
            "--map",
            type=mapping,
            default={},
            metavar="FIELD=COLUMN,...",
            help="For csv and jsonl: which columns hold user_id, item_id, type, value, occurred_at, context and "
            "count (plays, quantity: that many events, up to 10), by name or, in a file without a header, by number "
            "from 1. The usual names are found without it.",
        )
        parser.add_argument(
            "--scale", metavar="MIN..MAX", help="For csv and jsonl: the scale of the ratings (1..5 if not given)."
        )
        for name, what in FEEDBACK_TYPES.items():
            parser.add_argument(
                f"--{name}-feedback-types",
                type=_names,
                default=(),
                metavar="TYPE,...",
                help=f"For gorse: its setting {name}_feedback_types, such as {what}",
            )
        parser.add_argument("--dry-run", action="store_true", help="Read and check everything, store nothing.")
        parser.add_argument(
            "--rejected", type=Path, metavar="FILE", help="Where rejected lines go (a CSV file in the state folder)."
        )
        parser.add_argument(
            "--batch-rows",
            type=_batch_rows,
            default=importing.BATCH_ROWS,
            metavar="N",
            help="Lines in one transaction (%(default)s). Fewer use less memory, more are faster.",
        )
        parser.add_argument(
            "--no-resume", action="store_true", help="Read from the start, also what was imported already."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._import(options)
        except UnreadableSource as error:
            raise CommandError(str(error)) from error
        if report.found_nothing:
            raise CommandError(f"Nothing in {report.location} could be used. {report}")
        self.stdout.write(" ".join(filter(None, (str(report), hidden_items()))))

    def _import(self, options: dict[str, Any]) -> ImportReport:
        scale = Scale.parse(options["scale"]) if options["scale"] else None
        given = {name: options[f"{name}_feedback_types"] for name in FEEDBACK_TYPES}
        if options["format"] != "gorse" and any(given.values()):
            raise CommandError("--positive-, --read- and --negative-feedback-types are for --format gorse alone.")
        data = open_format(options["format"], options["path"], options["map"], scale, **given)
        rejected = _checked(options["rejected"], options["path"]) if options["rejected"] else _rejected_path(data)
        with import_bar(data) as progress:
            rows = options["batch_rows"]
            if options["dry_run"]:
                return importing.check(data, rejected, batch_rows=rows, progress=progress)
            return importing.load(data, rejected, resume=not options["no_resume"], batch_rows=rows, progress=progress)


def _rejected_path(data: DataSet) -> Path:
    return Path(settings.STATE_DIR) / "rejected" / f"{data.source}-{data.fingerprint()[:12]}.csv"


def _checked(rejected: Path, source: Path) -> Path:
    """Return a file that may be written. Raises CommandError for one that is read, or that holds anything but the
    rejected lines of an earlier import."""
    if rejected.resolve() == source.resolve() or source.resolve() in rejected.resolve().parents:
        raise CommandError(f"--rejected {rejected} is one of the files to read: choose another place.")
    if not rejected.parent.is_dir():
        raise CommandError(f"--rejected {rejected}: there is no folder {rejected.parent}. Make it first.")
    if rejected.exists() and not (rejected.is_file() and rejected.open("rb").read(5) == b"part,"):
        raise CommandError(f"--rejected {rejected} exists and holds no rejected lines: choose another name.")
    return rejected


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _batch_rows(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_BATCH_ROWS:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_BATCH_ROWS}")
    return int(text)
