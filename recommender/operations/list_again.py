"""Make a list that was shown again with what is kept, and say what differs and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from django.utils import timezone

from catalog.models import EndUser, Item
from recommender import dataset
from recommender.cache import NOBODY
from recommender.models import ListImpression, ListKind
from recommender.operations.lists_then import drafted_page_then, page_then, placement_then, request_then, with_weight
from recommender.serving import Request, ServingUnavailable, randomising, ruling
from recommender.serving.bought_lists import page_bought_together
from recommender.serving.candidates import POPULAR, TRENDING, Ranked, ServingContext, UnknownRelease, context_of_release
from recommender.serving.candidates.ruled_pages import Met
from recommender.serving.contract import UnknownItem
from recommender.serving.item_lists import page_by_items
from recommender.serving.placements import ServedPlacement
from recommender.serving.unavailable import why_unavailable
from recommender.serving.why_not import Case, Cause, reason
from recsite.platform import database

FROM_ITEMS = (ListKind.SIMILAR, ListKind.SESSION, ListKind.BOUGHT_TOGETHER)
UNRECORDED = "What the request itself asked isn't known."


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
    rules: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """By internal id: which rules of the placement met an item that was shown, and what each did."""


class _Gone(Exception):
    """Say what a list was made of that is not there any more."""


@dataclass(frozen=True, eq=False, slots=True)
class _Made:
    """Hold the list as it is made again."""

    context: ServingContext
    request: Request
    ranked: Ranked
    met: Met
    case: Case | None = None
    """Of a user's list: what tells why an item is not on it. The item is filled in for each."""

    @property
    def items(self) -> list[int]:
        found: list[int] = self.context.catalogue.ids[self.ranked.rows].tolist()
        return found

    def row(self, item: int) -> int:
        return int(self.context.rows([item])[0])


def make_again(shown: ListImpression) -> Again:
    """Make the list again from its release, what was asked, the user's events until then and the catalogue of today."""
    if why := _impossible(shown):
        return Again(None, f"It can't be made again: {why}")
    try:
        made = _made(shown)
    except (UnknownRelease, UnknownItem) as gone:
        return Again(None, f"It can't be made again. {gone.sentence}")
    except _Gone as gone:
        return Again(None, f"It can't be made again. {gone}")
    except (database.DatabaseDown, ServingUnavailable):
        return Again(None, "It can't be made again now: the database can't be reached. Try again soon.")
    rules = _rules(shown, made)
    if made.items == list(shown.items):
        return Again(True, "Made again, it is equal: the same items in the same order.", rules=rules)
    differences = _differences(shown, made)
    number = len(differences)
    sentence = f"Made again, it differs in {number} {'place' if number == 1 else 'places'}."
    return Again(False, sentence if shown.asked is not None else f"{sentence} {UNRECORDED}", differences, rules)


def _impossible(shown: ListImpression) -> str:
    """Say why nobody can make the list again; empty where it can be tried."""
    if shown.kind in FROM_ITEMS and not (shown.asked or {}).get("items"):
        return "what it started from, an item or a session, isn't known."
    if shown.release is None:
        return "no release was live, so it went by the dates of the items alone."
    if shown.kind == ListKind.USER and not shown.user_id:
        return "its user was erased, or opted out."
    return ""


def _made(shown: ListImpression) -> _Made:
    assert shown.release is not None
    placement = placement_then(shown)
    if shown.teams:
        return _drafted(shown, placement)
    asked = (shown.asked or {}).get("content_weight")
    context = with_weight(context_of_release(shown.release), placement, shown.algorithm, asked)
    if shown.kind in FROM_ITEMS:
        return _from_items(shown, context, placement)
    person = _person(shown)
    real = database.ask(partial(dataset.load_all_of, person))
    request, page = page_then(context, placement, shown.algorithm, shown, person, real)
    ranked = randomising.drawn_again(page.ranked, shown.drawn_ranks) if shown.drawn_ranks else page.ranked
    case = Case(request, Item(), -1, context, page, placement.settings.fallbacks)
    return _Made(context, request, ranked, page.met, case)


def _drafted(shown: ListImpression, placement: ServedPlacement) -> _Made:
    person = _person(shown)
    real = database.ask(partial(dataset.load_all_of, person))
    made = drafted_page_then(placement, shown, person, real)
    if made is None:
        raise _Gone("The experiment that drafted two rankings into it was deleted.")
    context, request, page = made
    return _Made(context, request, page.ranked, page.met)


def _from_items(shown: ListImpression, context: ServingContext, placement: ServedPlacement) -> _Made:
    leader = shown.algorithm if shown.algorithm in context.release.sources and shown.algorithm != POPULAR else ""
    request = request_then(shown, placement)
    if shown.kind == ListKind.BOUGHT_TOGETHER:
        page = page_bought_together(context, placement, request)
    else:
        its = replace(request, algorithm=leader)
        page = page_by_items(context, placement, its, shown.kind == ListKind.SESSION)
    return _Made(context, request, page.ranked, page.met)


def _person(shown: ListImpression) -> int:
    found = EndUser.objects.filter(user_id=shown.user_id, opted_out_at=None).values_list("pk", flat=True).first()
    return NOBODY if found is None else found


def _rules(shown: ListImpression, made: _Made) -> dict[int, list[str]]:
    if not made.met:
        return {}
    told = {item: ruling.told(made.request, made.met, made.row(item)) for item in shown.items}
    return {
        item: [f"rule {one.rule}: {one.did}{f' ({one.note})' if one.note else ''}" for one in met]
        for item, met in told.items()
        if met
    }


def _differences(shown: ListImpression, made: _Made) -> list[Difference]:
    """Return the places that differ, each with the reason."""
    now = made.items
    items = Item.objects.in_bulk({*shown.items, *now})
    gone = {pk: _why_gone(shown, made, items.get(pk), pk) for pk in shown.items if pk not in now}
    found = []
    for number in range(max(len(shown.items), len(now))):
        was = shown.items[number] if number < len(shown.items) else None
        new = now[number] if number < len(now) else None
        if was != new:
            why = gone[was][0] if was in gone else _why_new(shown, items, new, gone)
            found.append(Difference(shown.first_rank + number, _title(items, was), _title(items, new), why))
    return found


Gone = tuple[str, bool]
"""Why an item is gone from a list, and if it made room for others: it was not these that pushed it out."""


def _why_gone(shown: ListImpression, made: _Made, item: Item | None, pk: int) -> Gone:
    if item is None:
        return "It was deleted since.", True
    row = made.row(pk)
    if not made.context.catalogue.available[row]:
        return why_unavailable(item, timezone.now())[1], True
    if shown.asked is None:
        return UNRECORDED, False
    if follows := _follows_events(shown):
        return follows, False
    if made.case is None:
        return "It, or others, changed since.", False
    found = reason(replace(made.case, item=item, row=row))
    return found.sentence, found.cause != Cause.OUTRANKED


def _why_new(shown: ListImpression, items: Mapping[int, Item], new: int | None, gone: Mapping[int, Gone]) -> str:
    is_new = new is not None and new not in shown.items
    if new is not None and is_new and new in items and items[new].created_at > shown.served_at:
        return "It was added to the catalogue since."
    if shown.asked is None:
        return UNRECORDED
    if follows := _follows_events(shown):
        return follows
    if not is_new:
        return "It moved, as others came or went."
    makes_room = any(made_room for _, made_room in gone.values())
    return "It takes the place of what is gone." if makes_room else "It was not on the list then."


def _follows_events(shown: ListImpression) -> str:
    """Say why lists that are counted from the latest events change by themselves; empty for others."""
    if shown.kind == ListKind.BOUGHT_TOGETHER:
        return "It is made by what is bought together now: the counts of then are not kept."
    if shown.algorithm == TRENDING or (shown.asked or {}).get("window_days"):
        return "It is made by the events of the last days: what was counted then is not kept."
    return ""


def _title(items: Mapping[int, Item], pk: int | None) -> str:
    if pk is None:
        return ""
    return items[pk].title if pk in items else "a deleted item"
