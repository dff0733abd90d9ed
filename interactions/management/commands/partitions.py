from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from interactions import partitions
from interactions.partitions import Plan, Size
from recsite.platform.commands import PlainCommand, table

LONGEST = 1200


class Command(PlainCommand):
    help = (
        "Show the monthly partitions of the events table and do their upkeep: make the coming months, take rows out of "
        "the DEFAULT partition, detach months that are past retention. Safe to run at any time, also twice at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        ahead, retention = settings.PARTITION_MONTHS_AHEAD, settings.INTERACTION_RETENTION_MONTHS
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        parser.add_argument(
            "--months-ahead", type=_months, default=ahead, metavar="N", help="Months to have ready (%(default)s)."
        )
        parser.add_argument(
            "--retention-months",
            type=_months,
            default=retention,
            metavar="N",
            help="Keep this many months before the current one and detach older ones; 0 keeps all (%(default)s).",
        )
        parser.add_argument(
            "--drop",
            action="store_true",
            help="Also drop the tables of the months past retention. Their events are gone then.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["drop"] and not options["retention_months"]:
            raise CommandError("--drop needs --retention-months: without it every month is kept.")
        for line in table(["PARTITION", "STATE", "ROWS", "SIZE"], [_row(size) for size in partitions.sizes()]):
            self.stdout.write(line)
        due = partitions.plan(
            partitions.find(), timezone.now(), options["months_ahead"], options["retention_months"], options["drop"]
        )
        self.stdout.write("")
        if options["dry_run"]:
            self._show("Would do", due)
        else:
            self._show("Done", partitions.apply(due))

    def _show(self, heading: str, due: Plan) -> None:
        if not due:
            self.stdout.write("Nothing to do.")
            return
        self.stdout.write(f"{heading}:")
        for step in due.steps():
            self.stdout.write(f"  {step}")


def _months(text: str) -> int:
    if not text.isdecimal() or int(text) > LONGEST:
        raise ArgumentTypeError(f"{text!r} is not a number of months from 0 to {LONGEST}")
    return int(text)


def _row(size: Size) -> tuple[str, str, str, str]:
    state = "default" if size.name == partitions.DEFAULT else "attached" if size.is_attached else "detached"
    rows = "not counted yet" if size.rows is None else f"about {size.rows:,}"
    return size.name, state, rows, filesizeformat(size.size).replace("\xa0", " ")
