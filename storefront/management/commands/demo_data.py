from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from interactions import importing
from interactions.importing.bar import import_bar
from interactions.models import ImportRun
from recsite.platform.commands import PlainCommand, progress_bar
from recsite.platform.jobs import NothingToDo
from storefront.past import making
from storefront.past.worlds import Numbers, tastes_of
from storefront.simulation import most_events
from storefront.simulation.dataset import DemoDataSet, make_demo
from storefront.simulation.plain import PlainDataSet
from storefront.works.works import read_works

PEOPLE, EVENTS = 3000, 200_000
MOST_PEOPLE, MOST_EVENTS, MOST_SEED = 100_000, 2_000_000, 2**63 - 1
MOST_ITEMS = 10_000_000
OLDEST = date(2000, 1, 1)


class Command(PlainCommand):
    help = (
        "Fill the database with demo data that the product brings along: real works, and made-up people who browse, "
        "buy and rate them over half a year. The same numbers, seed and day give the same data, and loading them twice "
        "changes nothing. Data that are there already stay. Then it makes four weeks of lists that these people were "
        "shown. With --plain, a catalogue of any size and no more: made-up "
        "items, and events only where --events asks for them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        works = len(read_works())
        parser.add_argument(
            "--people", type=_number(1, MOST_PEOPLE), default=PEOPLE, metavar="N", help="How many people (%(default)s)."
        )
        parser.add_argument(
            "--items",
            type=_number(2, MOST_ITEMS),
            default=works,
            metavar="N",
            help="How many works (all %(default)s), or how many plain items.",
        )
        parser.add_argument("--plain", action="store_true", help="Make plain items instead of works.")
        parser.add_argument(
            "--events",
            type=_number(1, MOST_EVENTS),
            metavar="N",
            help=f"How many events ({EVENTS}, or as many as so many people and works can have).",
        )
        parser.add_argument(
            "--seed",
            type=_number(0, MOST_SEED),
            default=1,
            metavar="N",
            help="Another number gives other people with other tastes (%(default)s).",
        )
        parser.add_argument(
            "--until",
            type=_day,
            metavar="YYYY-MM-DD",
            help="The events end just before this day begins, in UTC (today; where loading was cut short, the day it "
            "began).",
        )
        parser.add_argument(
            "--no-past",
            action="store_true",
            help="Leave out the four weeks to look at: lists shown and clicked, releases, experiments, changes.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        people, items, seed = options["people"], options["items"], options["seed"]
        until = options["until"] or _until(PlainDataSet.format if options["plain"] else DemoDataSet.format)
        if options["plain"]:
            self.stdout.write(_load(PlainDataSet(items, people, options["events"] or 0, seed, until)))
            return
        if items > (works := len(read_works())):
            raise CommandError(f"There are {works:,} works. Give fewer --items, or --plain for made-up ones.")
        most = most_events(people, items)
        events = options["events"] or min(EVENTS, most)
        if not 0 < events <= most:
            raise CommandError(
                f"{people:,} people and {items:,} works can have at most {most:,} events. Give fewer events, or more "
                "people or works."
            )
        data = make_demo(people, items, events, seed, until)
        self.stdout.write(_load(data))
        if not options["no_past"] and not options["until"]:
            self.stdout.write(_make_past(Numbers(people, items, seed)))


def _load(data: DemoDataSet | PlainDataSet) -> str:
    """Load the data, with a progress bar, and return in a sentence what was done."""
    with import_bar(data) as progress:
        rejected = Path(settings.STATE_DIR) / "rejected" / "demo.csv"
        report = importing.load(data, rejected, progress=progress, as_happened=True)
    if report.finished_before:
        return f"The {data.location} were loaded on {report.finished_before:%Y-%m-%d %H:%M} UTC, so nothing was done."
    return str(report)


def _make_past(numbers: Numbers) -> str:
    """Make a past to look at, with a progress bar, and return in a sentence what was made."""
    days = making.span()
    try:
        making.refuse_another(days)
        with progress_bar() as show:
            return making.make(tastes_of(numbers, days.now), days, show)
    except NothingToDo as reason:
        return f"No past was made. {reason}"


def _until(kind: str) -> datetime:
    """Return the beginning of today, or of the day of the latest load where that was cut short and can go on."""
    latest = ImportRun.objects.filter(format=kind).first()
    when = latest.started_at if latest and not latest.finished_at else timezone.now()
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def _day(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2026-05-01") from None
    if not OLDEST <= day <= timezone.now().date():
        raise ArgumentTypeError(f"{text} is not a day from {OLDEST} to today")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
