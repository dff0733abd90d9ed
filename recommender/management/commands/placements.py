from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from recommender import merchandising
from recommender.merchandising import ListSettings, differences
from recommender.merchandising.settings import TABLE, in_words
from recommender.models import Placement
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, table, whole_number
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import distance

ACTOR = Actor.command("placements")
LISTED = 20


class Command(PlainCommand):
    help = "The placements: where lists are shown, what is live there, and drafts that wait to be published."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="All placements.")
        shown = verbs.add_parser("show", help="What is live at one, its draft and its history.")
        published = verbs.add_parser("publish", help="Publish the draft of one.")
        reverted = verbs.add_parser("revert", help="Return to an earlier revision of one.")
        for one in (shown, published, reverted):
            one.add_argument("name", metavar="NAME", help="See 'placements list'.")
        reverted.add_argument("number", type=whole_number, metavar="REVISION", help="See 'placements show'.")
        for one in (published, reverted):
            one.add_argument("--note", default="", help="Why, for the history.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in VERBS[options["verb"]](options):
                self.stdout.write(line)
        except (UserFacingError, Placement.DoesNotExist) as error:
            raise CommandError(str(error)) from error


def list_all(_: dict[str, Any]) -> Iterator[str]:
    rows = [
        [one.name, one.kind, str(one.live.number if one.live else "-"), _draft(one)]
        for one in Placement.objects.select_related("live").order_by("name")
    ]
    yield from table(["PLACEMENT", "KIND", "LIVE", "DRAFT"], rows)


def show(options: dict[str, Any]) -> Iterator[str]:
    placement = merchandising.find(options["name"])
    live = ListSettings.stored(placement.live.settings) if placement.live else ListSettings()
    yield f"{placement.name}, {placement.get_kind_display()}: {placement.live or 'as usual'}"
    for name, (_, kinds, label) in TABLE.items():
        if placement.kind in kinds:
            yield f"  {label}: {in_words(name, getattr(live, name))}"
    if placement.draft is not None:
        yield f"Draft: {_draft(placement)}"
        for one in differences(live, ListSettings.stored(placement.draft)):
            yield f"  {one.label}: {one.after}, instead of {one.before}"
    for row in placement.revisions.order_by("-number")[:LISTED]:
        by = f" by {row.published_by}" if row.published_by else ""
        yield f"Revision {row.number}, published {distance(row.published_at)}{by}. {row.note}".rstrip()


def publish(options: dict[str, Any]) -> Iterator[str]:
    placement = merchandising.find(options["name"])
    made = merchandising.publish(placement, placement.draft_version, note=options["note"], actor=ACTOR)
    yield f"{str(made).capitalize()} of {placement.name} is live."


def revert(options: dict[str, Any]) -> Iterator[str]:
    placement = merchandising.find(options["name"])
    made = merchandising.revert(placement, options["number"], note=options["note"], actor=ACTOR)
    yield f"{placement.name} is as in revision {options['number']} again, published as {made}."


VERBS = {"list": list_all, "show": show, "publish": publish, "revert": revert}


def _draft(placement: Placement) -> str:
    if placement.draft is None or placement.draft_saved_at is None:
        return "none"
    who = placement.draft_saved_by or "somebody"
    return f"version {placement.draft_version}, saved {distance(placement.draft_saved_at)} by {who}"
