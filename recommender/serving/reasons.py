"""Say why a user gets an item, in words that a shopper understands. No other user is ever named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recommender.cache import SOURCES
from recommender.engine.types import UNKNOWN
from recommender.serving.candidates import (
    CONTENT,
    EXPLORATION,
    LATEST,
    POPULAR,
    RULE,
    SEGMENT_POPULAR,
    TRENDING,
    Attribution,
    Ranked,
    RatingPredictions,
    ServingContext,
)

VERBS = (
    ("purchase", "bought"),
    ("rating", "liked"),
    ("like", "liked"),
    ("share", "shared"),
    ("add_to_cart", "put into your cart"),
    ("click", "looked at"),
    ("view", "looked at"),
)
"""What somebody did with an item, the strongest first."""

MOST = 3
"""Items of the history that are named as weighing most."""

NOT_PERSONAL = frozenset({POPULAR, SEGMENT_POPULAR, TRENDING, LATEST, EXPLORATION, RULE})
"""Sources that place items without the user's history."""

IN_WORDS, LEAST_SHARE = 2, 0.1
"""Items that the sentence names, and the share below which it doesn't."""


@dataclass(frozen=True, slots=True)
class Because:
    """An item of the history, and its share in what speaks for the recommended one."""

    item_id: str
    title: str
    share: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item stands where it stands."""

    sentence: str
    because: tuple[Because, ...] = ()
    sources: dict[str, float] | None = None
    """What each source of the hybrid added to the score; None for other algorithms."""


def reasons(view: ServingContext, ranked: Ranked, rated: RatingPredictions, found: Attribution | None) -> list[Reason]:
    """Return a reason for each place: what weighs most in it; without an attribution, its source."""
    return [
        _reason(view, found, place, SOURCES[source], float(rated.values[place]))
        for place, source in enumerate(ranked.sources.tolist())
    ]


def _reason(view: ServingContext, found: Attribution | None, place: int, source: str, rating: float) -> Reason:
    if source == RULE:
        return Reason("Our staff picked it.")
    crowd = found.leading_crowd(place) if found else None
    heaviest = found.heaviest(place, MOST) if found and crowd is None else []
    if crowd is not None:
        return Reason(_by_source(view, crowd, rating), sources=_parts(found, place))
    if found and found.is_against_all and source not in NOT_PERSONAL:
        return Reason("It is unlike what you disliked.", sources=_parts(found, place))
    if found is None or not heaviest:
        return Reason(_by_source(view, source, rating), sources=_parts(found, place))
    rows = view.rows(found.items[heaviest].tolist()).tolist()
    there = [(number, row) for number, row in zip(heaviest, rows, strict=True) if row != UNKNOWN]
    because = tuple(
        Because(view.catalogue.item_ids[row], view.catalogue.titles[row], round(float(found.shares[place, number]), 4))
        for number, row in there
    )
    named = [one for one in because[:IN_WORDS] if one.share >= LEAST_SHARE]
    if not named:
        return Reason("It goes with much of what you chose.", because, _parts(found, place))
    kinds = [found.kinds[number] for number, _ in there[: len(named)]]
    return Reason(sentence([one.title for one in named], kinds), because, _parts(found, place))


def because(view: ServingContext, row: int) -> Because:
    """Name an item as all that speaks for another one."""
    return Because(view.catalogue.item_ids[row], view.catalogue.titles[row], 1.0)


def sentence(titles: Sequence[str], kinds: Sequence[Iterable[str]]) -> str:
    """Put items and what was done with each into words: Because you liked “Emma” and looked at “Walden”."""
    words, before = [], ""
    for title, done in zip(titles, kinds, strict=True):
        verb = _verb(done)
        words.append(f"“{title}”" if verb == before else f"{verb} “{title}”")
        before = verb
    return f"Because you {' and '.join(words)}."


def _verb(kinds: Iterable[str]) -> str:
    known = set(kinds)
    return next((verb for kind, verb in VERBS if kind in known), "chose")


def _by_source(view: ServingContext, source: str, rating: float) -> str:
    if source == POPULAR:
        return "Many people like it."
    if source == SEGMENT_POPULAR:
        return "People like you often choose it."
    if source == TRENDING:
        return "Many people turn to it these days."
    if source == LATEST:
        return "It is new."
    if source == EXPLORATION:
        return "It is new here, and may suit you."
    if source == CONTENT:
        return "It is like what you chose."
    low, high = view.release.scale
    if rating >= (low + high) / 2:
        return f"You would probably give it {rating:.1f} of {high:g}."
    return "It suits your taste."


def _parts(found: Attribution | None, place: int) -> dict[str, float] | None:
    if found is None or not found.parts:
        return None
    said = {name: float(values[place]) for name, values in found.parts.items()}
    return {name: round(value, 4) for name, value in said.items() if value == value}
