"""Say exactly why an item is not on a user's list: the first of CHECKS that finds a reason."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from django.utils import timezone

from catalog.models import EndUser, Item
from interactions import types
from interactions.marks import Mark
from interactions.models import Interaction
from recommender.cache import NOBODY, SOURCES
from recommender.engine.rules import Word
from recommender.engine.types import UNKNOWN
from recommender.serving.candidates import EXPLORATION, FOLD_IN, Page, Ranked, ServingContext, user_page
from recommender.serving.contract import Request, UnknownItem
from recommender.serving.pins import beyond_pins
from recommender.serving.unavailable import why_unavailable
from recommender.serving.user_lists import UserPage, look_up
from recsite.platform import database


class Cause(StrEnum):
    """Name the reasons for which an item is not on a list."""

    LISTED = "listed"
    HIDDEN = "hidden"
    NOT_YET = "not_available_yet"
    NO_LONGER = "no_longer_available"
    SEEN = "seen"
    SEEN_VARIANT = "seen_variant"
    EXCLUDED = "excluded"
    BLOCKED = "blocked"
    HELD_BACK = "held_back"
    FILTERED = "filtered"
    VARIANT = "variant"
    SCORE = "below_min_score"
    CAP = "category_cap"
    UNKNOWN_TO_MODEL = "unknown_to_model"
    OUTRANKED = "outranked"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Hold the reason, and the figures behind it."""

    item_id: str
    cause: Cause
    sentence: str
    rank: int | None = None
    """Its position in the whole list, from 1 on; None where it is on none of its pages."""
    score: float | None = None
    source: str = ""
    """What ranked it; scores of two sources are on two scales."""
    needed_rank: int | None = None
    """The last position of the list that was asked for."""
    needed_score: float | None = None
    """The score there; None where there is none, or another source's."""


@dataclass(frozen=True, eq=False)
class Case:
    """Hold an item, and the list that it is not on."""

    request: Request
    item: Item
    row: int
    context: ServingContext
    page: UserPage
    fallbacks: Sequence[str] = ()
    """What follows where what leads has too little, as the placement says."""

    @property
    def last(self) -> int:
        return self.request.offset + self.request.limit

    @property
    def whole(self) -> Ranked:
        """Return the list to its very end."""
        return self._cut.ranked

    @property
    def met(self) -> Sequence[tuple[int, Word]]:
        """Return which rules met the item, and what each did."""
        return self._cut.met.get(self.row, ())

    @cached_property
    def _cut(self) -> Page:
        page, n, diversity = self.page, len(self.context.catalogue), self.request.diversity or 0.0
        of = self.context, page.algorithm, page.known, page.eligibility
        return user_page(*of, 0, n, diversity, self.fallbacks, page.effects)

    @cached_property
    def position(self) -> int | None:
        """Return its position in the whole list, from 0 on."""
        found = np.flatnonzero(self.whole.rows == self.row)
        return int(found[0]) if len(found) else None

    def because(self, cause: Cause, sentence: str) -> WhyNot:
        """Return the reason with the figures that there are."""
        at, said = self.position, (self.item.item_id, cause, sentence)
        if at is None:
            return WhyNot(*said)
        last = min(self.last, len(self.whole)) - 1
        is_comparable = self.whole.sources[last] == self.whole.sources[at]
        return WhyNot(
            *said,
            at + 1,
            _score(self.whole, at),
            SOURCES[self.whole.sources[at]],
            last + 1,
            _score(self.whole, last) if is_comparable else None,
        )


def why_not(request: Request, item_id: str) -> WhyNot:
    """Return why the item is not on the page that the request asks for. Nothing is recorded.

    Raises UnknownItem where the catalogue hasn't got it, and what `recommend` does; DatabaseDown.
    """
    context, placement, request, page = look_up(request)
    row = context.catalogue.row_of(item_id)
    item = database.ask(lambda: Item.objects.filter(item_id=item_id).first())
    if row is None or item is None:
        raise UnknownItem(f"There is no item {item_id!r}.")
    return database.ask(lambda: reason(Case(request, item, row, context, page, placement.settings.fallbacks)))


def reason(case: Case) -> WhyNot:
    """Return the first reason that there is; where a rule pins the item all the same, with what a pin can't do."""
    found = next(found for check in CHECKS if (found := check(case)) is not None)
    return replace(found, sentence=found.sentence + beyond_pins(found.cause, case.page.effects.pins, case.row))


def _listed(case: Case) -> WhyNot | None:
    places = np.flatnonzero(case.page.ranked.rows == case.row)
    if not len(places):
        return None
    rank = case.request.offset + int(places[0]) + 1
    return case.because(Cause.LISTED, f"It is on the list, at rank {rank}.")


def _hidden(case: Case) -> WhyNot | None:
    if case.context.catalogue.available[case.row]:
        return None
    cause, sentence = why_unavailable(case.item, timezone.now())
    return WhyNot(case.item.item_id, Cause(cause), sentence)


def _seen(case: Case) -> WhyNot | None:
    if case.row not in case.page.eligibility.seen:
        return None
    item_id, catalogue = case.item.item_id, case.context.catalogue
    if case.item.item_id in case.request.exclude:
        return WhyNot(item_id, Cause.EXCLUDED, "The request itself leaves it out (`exclude`).")
    person = case.page.known.candidates.person
    variants = catalogue.ids[catalogue.with_variants(np.array([case.row]))].tolist()
    events = Interaction.objects.filter(user=person, item__in=variants, type__in=types.marking_seen())
    events = events.exclude(mark=Mark.TAKEN_BACK)
    last = events.select_related("type", "item").order_by("-occurred_at").first()
    if last is None:
        return WhyNot(item_id, Cause.SEEN, "The user has seen it.")
    when = "at an unknown time" if last.undated else f"on {last.occurred_at:%Y-%m-%d}"
    if last.item_id == case.item.pk:
        return WhyNot(item_id, Cause.SEEN, f"The user has seen it: {last.type} {when}.")
    sentence = f"The user has seen a variant of it, “{last.item.title}”: {last.type} {when}."
    return WhyNot(item_id, Cause.SEEN_VARIANT, sentence)


def _blocked(case: Case) -> WhyNot | None:
    rule = case.page.effects.blocking(case.row)
    if rule is None:
        return None
    return WhyNot(case.item.item_id, Cause.BLOCKED, f"Rule {rule} of the placement blocks it.")


def _filtered(case: Case) -> WhyNot | None:
    if case.page.eligibility.matching.mask[case.row]:
        return None
    named = _failing(case)
    which = f": {' and '.join(named)}" if named else ""
    return WhyNot(case.item.item_id, Cause.FILTERED, f"A filter leaves it out{which}.")


def _failing(case: Case) -> list[str]:
    """Name the filters that the item doesn't pass."""
    request, filtered, row = case.request, case.context.catalogue.filtered, case.row
    asked = {
        f"categories {', '.join(request.categories)}": (request.categories, (), ""),
        f"tags {', '.join(request.tags)}": ((), request.tags, ""),
        f"item_type {request.item_type}": ((), (), request.item_type),
        **{f"category {name}": ((name,), (), "") for name in request.every_category},
    }
    named = [name for name, values in asked.items() if any(values) and not filtered(*values).mask[row]]
    return named or [f"filter {one}" for one in (request.filter, request.placement_filter) if one]


def _variant(case: Case) -> WhyNot | None:
    catalogue = case.context.catalogue
    variants = set(catalogue.with_variants(np.array([case.row])).tolist()) - {case.row}
    at = next((at for at, row in enumerate(case.whole.rows.tolist()) if row in variants), None)
    if at is None or case.position is not None:
        return None
    title = catalogue.titles[int(case.whole.rows[at])]
    sentence = f"It is a variant of “{title}”, which stands for all of them, at rank {at + 1}."
    return WhyNot(case.item.item_id, Cause.VARIANT, sentence, needed_rank=case.last)


def _capped(case: Case) -> WhyNot | None:
    if case.position is not None:
        return None
    request = case.request
    if request.max_per_category and case.context.catalogue.categories[case.row]:
        sentence = f"Others of its category fill the {request.max_per_category} places that each category may have."
        return WhyNot(case.item.item_id, Cause.CAP, sentence, needed_rank=case.last)
    sentence = f"Its score is below {request.min_score}, or it has none on the scale of {case.page.algorithm}."
    return WhyNot(case.item.item_id, Cause.SCORE, sentence, needed_rank=case.last)


def _unknown_to_model(case: Case) -> WhyNot | None:
    member = case.context.release.sources.get(case.page.algorithm)
    if member is None or (member.model.item_ids.rows(np.array([case.item.pk])) != UNKNOWN).all():
        return None
    found = case.because(Cause.UNKNOWN_TO_MODEL, "")
    sentence = (
        f"{member.algorithm} {member.version} doesn't know it: it has no events of it from before its training on "
        f"{member.trained_at:%Y-%m-%d %H:%M} UTC. {_standing(case, found)}"
    )
    return case.because(Cause.UNKNOWN_TO_MODEL, sentence)


def _held_back(case: Case) -> WhyNot | None:
    """Name the first rule that moved it down."""
    rule = next((number for number, word in case.met if word in (Word.HELD_BACK, Word.BURIED)), None)
    if rule is None:
        return None
    found = case.because(Cause.HELD_BACK, "")
    return case.because(Cause.HELD_BACK, f"Rule {rule} of the placement holds it back. {_standing(case, found)}")


def _outranked(case: Case) -> WhyNot:
    found = case.because(Cause.OUTRANKED, "")
    return case.because(Cause.OUTRANKED, _standing(case, found))


def _standing(case: Case, found: WhyNot) -> str:
    """Return rank and score against what was needed, as a sentence."""
    own = f", by {found.source}" if found.score is None else f" with a score of {found.score:.4g} by {found.source}"
    if found.source == EXPLORATION:
        own = " among the new items that are tried"
    needed = f"The list ends at rank {found.needed_rank}"
    if found.needed_score is not None:
        needed += f", where the score is {found.needed_score:.4g}"
    elif found.needed_rank:
        last = SOURCES[case.whole.sources[found.needed_rank - 1]]
        needed += f", which {last} fills" if last != FOLD_IN else ", by what the user did lately"
    return f"It ranks {_ordinal(found.rank or 0)}{own}. {needed}.{_who(case)}"


def _who(case: Case) -> str:
    """Add that the list is nobody's own, where it is."""
    if case.page.known.candidates.is_personal:
        return ""
    if case.page.known.candidates.person == NOBODY:
        known = EndUser.objects.filter(user_id=case.request.user_id).exists()
        who = "The user opted out" if known else "Nothing is known of this user"
        return f" {who}, so this is the list that everybody gets."
    return f" No feedback of the user says anything to {case.page.algorithm}, so this is the list that everybody gets."


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _score(ranked: Ranked, at: int) -> float | None:
    score = float(ranked.scores[at])
    return None if math.isnan(score) else round(score, 4)


CHECKS: Sequence[Callable[[Case], WhyNot | None]] = (
    _listed,
    _hidden,
    _seen,
    _blocked,
    _filtered,
    _variant,
    _capped,
    _held_back,
    _unknown_to_model,
    _outranked,
)
"""In the order in which a list is made: the first that finds something is the reason."""
