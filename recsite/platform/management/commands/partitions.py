from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from recsite.platform import months, partitions
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, table
from recsite.platform.months import Month, Plan
from recsite.platform.partitions import NotDetached, Partitioned, Size

ACTOR = Actor.command("partitions")
LONGEST = 1200
FORMER = {"served-lists": "list-impressions"}
"""Former names of tables, as schedules of operators may still have them."""


class Command(PlainCommand):
    help = (
        "Show the monthly partitions of the large tables and do their upkeep: make the coming months, take rows out of "
        "the DEFAULT partition, detach months that are past retention. Safe to run at any time, also twice at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [_name(one) for one in partitions.tables()]
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        parser.add_argument("--of", type=self._current_name, choices=names, help="This table alone; all without it.")
        parser.add_argument(
            "--months-ahead",
            type=_months,
            default=settings.PARTITION_MONTHS_AHEAD,
            metavar="N",
            help="Months to have ready (%(default)s).",
        )
        parser.add_argument(
            "--retention-months",
            type=_months,
            metavar="N",
            help="Keep this many months before the current one; 0 keeps all. Without it the settings say how many.",
        )
        parser.add_argument(
            "--drop",
            action="store_true",
            help="Also drop the tables of the months past retention. Their rows are gone then.",
        )

        parser.add_argument(
            "--attach",
            type=_month,
            metavar="YYYY-MM",
            help="Attach this detached month again; needs --of. Rows of users who were erased meanwhile stay away.",
        )

    def _current_name(self, text: str) -> str:
        if text not in FORMER:
            return text
        self.stderr.write(f"--of {text} is called {FORMER[text]} now; the former name still works.")
        return FORMER[text]

    def handle(self, *args: Any, **options: Any) -> None:
        retention, chosen = options["retention_months"], options["of"]
        if options["drop"] and not retention:
            raise CommandError("--drop needs --retention-months: say how many months stay.")
        if retention is not None and not chosen:
            raise CommandError("--retention-months needs --of: each table is kept for a time of its own.")
        if options["attach"] and not chosen:
            raise CommandError("--attach needs --of: say which table's month it is.")
        for one in partitions.tables():
            if chosen in (None, _name(one)):
                self._attach(one, options) if options["attach"] else self._keep(one, options)

    def _attach(self, one: Partitioned, options: dict[str, Any]) -> None:
        month = options["attach"]
        if options["dry_run"]:
            self._show("Would do", one, months.plan_months(one.find(), [month]))
            return
        try:
            self._did(one, one.attach([month]))
        except NotDetached as wrong:
            raise CommandError(str(wrong)) from wrong
        if one.is_expired(month, timezone.now()):
            self.stdout.write(f"It is past {one.retention}: upkeep detaches it again. Raise the setting to keep it.")

    def _keep(self, one: Partitioned, options: dict[str, Any]) -> None:
        given = options["retention_months"]
        retention, drop = (one.retention_months, one.drops) if given is None else (given, options["drop"])
        for line in table([one.holds.upper(), "STATE", "ROWS", "SIZE"], [_row(one, size) for size in one.sizes()]):
            self.stdout.write(line)
        due = months.plan(one.find(), timezone.now(), options["months_ahead"], retention, drop)
        self.stdout.write("")
        if options["dry_run"]:
            self._show("Would do", one, due)
        else:
            self._did(one, one.apply(due))
        self.stdout.write("")

    def _did(self, one: Partitioned, done: Plan) -> None:
        partitions.record(one, done, ACTOR)
        self._show("Done", one, done)

    def _show(self, heading: str, one: Partitioned, due: Plan) -> None:
        if not due:
            self.stdout.write("Nothing to do.")
            return
        self.stdout.write(f"{heading}:")
        for step in due.steps(one):
            self.stdout.write(f"  {step}")


def _name(one: Partitioned) -> str:
    return one.holds.replace(" ", "-")


def _months(text: str) -> int:
    if not text.isdecimal() or int(text) > LONGEST:
        raise ArgumentTypeError(f"{text!r} is not a number of months from 0 to {LONGEST}")
    return int(text)


def _month(text: str) -> Month:
    try:
        return Month.of(datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no month such as 2026-05") from error


def _row(one: Partitioned, size: Size) -> tuple[str, str, str, str]:
    state = "default" if size.name == one.default else "attached" if size.is_attached else "detached"
    rows = "not counted yet" if size.rows is None else f"about {size.rows:,}"
    return size.name, state, rows, filesizeformat(size.size).replace("\xa0", " ")
