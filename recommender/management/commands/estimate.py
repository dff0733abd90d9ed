from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from recommender.models import DEFAULT, Placement
from recommender.operations import estimate
from recommender.operations.estimate_words import Estimated, interval_in_words
from recsite.platform.commands import PlainCommand, progress_bar, table, whole_number
from recsite.platform.exceptions import Invalid, UserFacingError


class Command(PlainCommand):
    help = (
        "What a release, a model or a draft would achieve at a placement, before anybody sees it: estimated from the "
        "lists that the placement drew at random (docs/ESTIMATES.md). Nothing that is shown changes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("release", type=whole_number, nargs="?", metavar="RELEASE", help="See 'models list'.")
        parser.add_argument("--placement", default=DEFAULT, help="Where, as clients name it (%(default)s).")
        parser.add_argument("--model", type=whole_number, help="A model in the live release, in the place of its like.")
        parser.add_argument("--draft", action="store_true", help="The placement's draft.")
        parser.add_argument(
            "--later-only", action="store_true", help="Only lists from after the training, whose clicks it can't know."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        named = [one for one in (options["release"], options["model"], options["draft"]) if one]
        if len(named) != 1:
            raise CommandError("Name one: the number of a RELEASE, --model NUMBER, or --draft.")
        try:
            candidate = estimate.candidate(options["placement"], options["release"] or 0, options["model"] or 0)
            with progress_bar() as show:
                found = estimate.estimate_at(
                    options["placement"], candidate, is_later_only=options["later_only"], progress=show
                )
        except (UserFacingError, Placement.DoesNotExist) as error:
            said = " ".join(error.errors.values()) if isinstance(error, Invalid) else str(error)
            raise CommandError(said) from error
        for line in lines(found):
            self.stdout.write(line)


def lines(found: Estimated) -> Iterator[str]:
    """Yield the report, line by line."""
    yield found.sentence
    told = found.as_json()
    rows = [["lists drawn at random", f"{found.lists:,}"], ["users who saw them", f"{found.users:,}"]]
    if told["doubly_robust"]:
        rows += [
            ["clicks per list, doubly robust", interval_in_words(told["doubly_robust"])],
            ["clicks per list, self-normalised", interval_in_words(told["self_normalised"])],
            ["how far users look, by position", " ".join(f"{one:.2f}" for one in told["examination"])],
        ]
    overlap = "-" if told["overlap"] is None else f"{told['overlap']:.0%}"
    rows += [["overlap", overlap], ["users as good (effective)", f"{told['effective_users']:,.0f}"]]
    yield ""
    yield from table(["", ""], rows)
