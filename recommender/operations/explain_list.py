"""Go back to a list that was shown: by what, its items then and now; and make it again with what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from django.conf import settings

from catalog.models import EndUser, Item
from recommender import dataset
from recommender.cache import NOBODY
from recommender.models import ListImpression, ListKind, ModelVersion, Placement, Release
from recommender.operations.items_then import ItemThen, items_then, notes
from recommender.operations.lists_then import page_then, placement_then, with_weight
from recommender.serving import ServingUnavailable, randomising
from recommender.serving.candidates import (
    TRENDING,
    Ranked,
    UnknownRelease,
    context_of_release,
)
from recommender.serving.why_not import Case, reason
from recsite.platform import database
from recsite.platform.exceptions import UserFacingError

MADE_BY_USER = (ListKind.USER, ListKind.EVERYBODY)
UNRECORDED = "The filters, exclusions and the diversity that a request may have had are not recorded."


class UnknownList(UserFacingError):
    """Report that no list of this id is kept."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Say of one place what stood there, what stands there when the list is made again, and why."""

    rank: int
    was: str
    now: str
    why: str


@dataclass(frozen=True, slots=True)
class Again:
    """Hold the result of making a list again."""

    is_equal: bool | None
    """None where it can't be made again."""
    sentence: str
    differences: Sequence[Difference] = ()


@dataclass(frozen=True, slots=True)
class ExplainedList:
    """Hold a list that was shown, and what it is today."""

    shown: ListImpression
    release: Release | None
    version: ModelVersion | None
    placement: Placement | None
    weights: Mapping[str, float] = field(default_factory=dict)
    items: Sequence[ItemThen] = ()
    notes: Sequence[str] = ()
    """What has changed since that shapes such a list, as sentences."""
    again: Again = Again(None, "")


def explain_list(recommendation_id: UUID) -> ExplainedList:
    """Return everything that is kept of a list, and the list that is made again. Raises UnknownList, DatabaseDown."""
    shown = ListImpression.objects.filter(recommendation_id=recommendation_id).order_by("-served_at").first()
    if shown is None:
        raise UnknownList(
            f"No list {recommendation_id} is kept: it was never shown, or is older than IMPRESSION_RETENTION_MONTHS "
            f"({settings.IMPRESSION_RETENTION_MONTHS})."
        )
    release = Release.objects.filter(pk=shown.release or 0).first()
    placement = Placement.objects.filter(name=shown.placement).first()
    return ExplainedList(
        shown,
        release,
        ModelVersion.objects.filter(pk=shown.version or 0).first(),
        placement,
        release.weights if release else {},
        items_then(shown),
        notes(shown, placement),
        make_again(shown),
    )


def make_again(shown: ListImpression) -> Again:
    """Make the list again from its release, the user's events until then and the catalogue of today."""
    if why := _impossible(shown):
        return Again(None, why)
    try:
        case, ranked = _again(shown)
    except UnknownRelease as gone:
        return Again(None, f"It can't be made again. {gone.sentence}")
    except (database.DatabaseDown, ServingUnavailable):
        return Again(None, "It can't be made again now: the database can't be reached. Try again soon.")
    now = case.context.catalogue.ids[ranked.rows].tolist()
    if now == list(shown.items):
        return Again(True, "Made again, it is equal: the same items in the same order.")
    differences = _differences(shown, case, now)
    number = len(differences)
    places = "place" if number == 1 else "places"
    return Again(False, f"Made again, it differs in {number} {places}. {UNRECORDED}", differences)


def _impossible(shown: ListImpression) -> str:
    """Say why nobody can make the list again; empty where it can be tried."""
    if shown.kind not in MADE_BY_USER:
        return "It can't be made again: what it started from, an item or a session, is not recorded."
    if shown.teams:
        return "It can't be made again: the rankings of two variants of an experiment were drafted into it."
    if shown.release is None:
        return "It can't be made again: no release was live, so it went by the dates of the items alone."
    if shown.kind == ListKind.USER and not shown.user_id:
        return "It can't be made again: its user was erased, or opted out."
    if shown.algorithm == TRENDING:
        return "It can't be made again: what was trending is not kept, only what is."
    return ""


def _again(shown: ListImpression) -> tuple[Case, Ranked]:
    assert shown.release is not None
    placement = placement_then(shown)
    context = with_weight(context_of_release(shown.release), placement, shown.algorithm)
    person = _person(shown)
    real = database.ask(partial(dataset.load_all_of, person))
    request, page = page_then(context, placement, shown.algorithm, shown, person, real)
    ranked = randomising.drawn_again(page.ranked, shown.drawn_ranks) if shown.drawn_ranks else page.ranked
    # The case is filled in for each item that is missing.
    return Case(request, Item(), -1, context, page, placement.settings.fallbacks), ranked


def _person(shown: ListImpression) -> int:
    found = EndUser.objects.filter(user_id=shown.user_id, opted_out_at=None).values_list("pk", flat=True).first()
    return NOBODY if found is None else found


def _differences(shown: ListImpression, case: Case, now: Sequence[int]) -> list[Difference]:
    """Return the places that differ; of what is gone from the list, why."""
    items = Item.objects.in_bulk({*shown.items, *now})
    found = []
    for number in range(max(len(shown.items), len(now))):
        was = shown.items[number] if number < len(shown.items) else None
        new = now[number] if number < len(now) else None
        if was != new:
            why = _why(shown, case, items, was, new, now)
            found.append(Difference(shown.first_rank + number, _title(items, was), _title(items, new), why))
    return found


def _why(
    shown: ListImpression, case: Case, items: Mapping[int, Item], was: int | None, new: int | None, now: Sequence[int]
) -> str:
    if was is not None and was not in items:
        return "It was deleted since."
    if was is not None and was not in now:
        row = int(case.context.rows([was])[0])
        return reason(replace(case, item=items[was], row=row)).sentence
    if new is not None and new not in shown.items and new in items:
        item = items[new]
        if item.created_at > shown.served_at:
            return "It was added to the catalogue since."
        return "It takes the place of what is gone." if set(shown.items) - set(now) else "It was not on the list then."
    return "It moved, as others came or went."


def _title(items: Mapping[int, Item], pk: int | None) -> str:
    if pk is None:
        return ""
    return items[pk].title if pk in items else "a deleted item"
