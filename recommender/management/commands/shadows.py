from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from recommender.insight.shadows import reports
from recommender.models import Shadow
from recommender.operations import shadows
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, table, whole_number
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.platform.humanize import milliseconds

ACTOR = Actor.command("shadows")


class Command(PlainCommand):
    help = "Shadows: candidates that make a share of a placement's lists unseen, beside what is shown."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="The last ones, with what they found.")
        started = verbs.add_parser("start", help="Start one.")
        stopped = verbs.add_parser("stop", help="Stop the one at a placement.")
        for one in (started, stopped):
            one.add_argument("placement", metavar="PLACEMENT", help="See 'placements list'.")
        candidate = started.add_mutually_exclusive_group(required=True)
        for name in shadows.CANDIDATES:
            candidate.add_argument(f"--{name}", type=whole_number, help=shadows.SHADOW[name].description)
        started.add_argument("--share", type=float, default=0.1, help="Of the lists that are shown: 0.1 is a tenth.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in VERBS[options["verb"]](options):
                self.stdout.write(line)
        except Invalid as error:
            raise CommandError(" ".join(error.errors.values())) from error
        except UserFacingError as error:
            raise CommandError(str(error)) from error


def list_all(_: dict[str, Any]) -> Iterator[str]:
    rows = list(Shadow.objects.all()[: shadows.LISTED])
    found = reports(rows)
    lines = [
        [
            one.placement,
            one.candidate,
            f"{one.share:.1%}",
            "stopped" if one.stopped_at else "running",
            milliseconds(found[one.pk].seconds[0]),
            milliseconds(found[one.pk].live_seconds[0]),
            str(found[one.pk]),
        ]
        for one in rows
    ]
    yield from table(["PLACEMENT", "CANDIDATE", "SHARE", "STATE", "MEDIAN", "LIVE", "FOUND"], lines)


def start(options: dict[str, Any]) -> Iterator[str]:
    named = {name: options[name] for name in shadows.CANDIDATES if options[name] is not None}
    made = shadows.start({"placement": options["placement"], "share": options["share"], **named}, actor=ACTOR)
    yield f"{made.candidate.capitalize()} makes {made.share:.1%} of the lists of {made.placement}, unseen."
    if said := shadows.passed_by(made.placement):
        yield said


def stop(options: dict[str, Any]) -> Iterator[str]:
    found = shadows.running(options["placement"])
    if found is None:
        raise CommandError(f"No shadow runs at {options['placement']!r}. See 'shadows list'.")
    stopped = shadows.stop(found, actor=ACTOR)
    yield f"{stopped.candidate.capitalize()} is stopped. {reports([stopped])[stopped.pk]}"


VERBS = {"list": list_all, "start": start, "stop": stop}
