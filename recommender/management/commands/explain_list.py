from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from recommender.operations import explain_list
from recommender.operations.explain_list import NAMES, ExplainedList
from recsite.platform.commands import PlainCommand, table


def list_id(text: str) -> UUID:
    """Read a recommendation_id of the command line."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no recommendation_id: every answer of the API has one.") from error


class Command(PlainCommand):
    help = (
        "A list as it was shown: by which release, revision, rules and weights, its items then and now; and the same "
        "list made again with what is kept, equal or not, and why."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recommendation_id", type=list_id, metavar="RECOMMENDATION_ID", help="As answers have it.")

    def handle(self, *args: Any, **options: Any) -> None:
        for line in lines(explain_list.explain_list(options["recommendation_id"])):
            self.stdout.write(line)


def lines(found: ExplainedList) -> Iterator[str]:
    """Yield the report, line by line."""
    shown = found.shown
    whose = f" to {shown.user_id}" if shown.user_id else ""
    yield f"Shown{whose} on {shown.served_at:%Y-%m-%d %H:%M:%S} UTC: {NAMES[shown.kind]}."
    release = f"{found.release}, {found.release.state} now" if found.release else "none, or one that is gone"
    revision = f", revision {shown.placement_revision}" if shown.placement_revision else ""
    yield f"Placement: {shown.placement}{revision}. Release: {release}. Led by: {found.led_by}."
    if found.weights:
        yield f"Weights: {found.weights}."
    yield found.asked
    yield from found.notes
    yield ""
    rows = [
        [
            one.rank,
            one.item_id or one.pk,
            one.title,
            one.source,
            "; ".join(found.again.rules.get(one.pk, ())),
            one.feedback,
            "; ".join(one.changes),
        ]
        for one in found.items
    ]
    yield from table(["RANK", "ITEM", "TITLE", "SOURCE", "RULES", "FEEDBACK", "CHANGED SINCE"], rows)
    yield ""
    yield found.again.sentence
    if found.again.differences:
        rows = [[one.rank, one.was, one.now, one.why] for one in found.again.differences]
        yield from table(["RANK", "WAS", "NOW", "WHY"], rows)
