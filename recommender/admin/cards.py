"""Build the cards of a list: each item with its cover, why it is there, and what it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

from catalog import snapshot
from recommender.admin import reasons
from recommender.serving import Answer, ListedItem
from recommender.serving.candidates import (
    CONTENT,
    EXPLORATION,
    LATEST,
    POPULAR,
    RULE,
    SEGMENT_POPULAR,
    STATED_PREFERENCES,
    TRENDING,
)
from recsite.platform.parts import Badge, Card, shares
from recsite.platform.units import Unit, significant, write

PLAIN_COVER = "admin/cover.svg"
HISTORY, POPULARITY, LIKE_IT, NEW, RULES = "history", "popularity", "content", "new", "rules"
GROUNDS = (HISTORY, POPULARITY, LIKE_IT, NEW, RULES)
"""What an item of a list may come from, in the order of the colours of its bar."""

GROUND_OF: Mapping[str, str] = {
    POPULAR: POPULARITY,
    SEGMENT_POPULAR: POPULARITY,
    TRENDING: POPULARITY,
    CONTENT: LIKE_IT,
    STATED_PREFERENCES: LIKE_IT,
    LATEST: NEW,
    EXPLORATION: NEW,
    RULE: RULES,
}
"""By source; every other one goes by the user's history."""


@dataclass(frozen=True, slots=True)
class ListedCard:
    """Hold a card, and what its drawer says."""

    card: Card
    facts: Sequence[tuple[str, str]]
    source: str
    """What its source goes by, in a sentence; empty where that isn't known."""

    because: Sequence[tuple[str, str]]
    """Items of the history, each with its share in what speaks for the item."""

    parts: Sequence[tuple[str, str]]
    """What each source of the hybrid added to the score."""

    rules: Sequence[str]


def of(answer: Answer) -> list[ListedCard]:
    """Return the cards of a list, whose items come with their reasons."""
    return list(_cards(answer.items))


def address_of(pk: int) -> str:
    """Return the address of an item's cover: the shop's drawing, or a plain one where there is no shop."""
    try:
        return reverse("storefront:cover", args=[pk])
    except NoReverseMatch:
        return static(PLAIN_COVER)


def grounds(item: ListedItem) -> dict[str, float | None]:
    """Return how much of an item's place comes from each of GROUNDS: by the parts of its score, else by its source."""
    parts = (item.reason.sources if item.reason else None) or {}
    found: dict[str, float | None] = dict.fromkeys(GROUNDS, None)
    for source, part in parts.items():
        if part > 0:
            name = GROUND_OF.get(source, HISTORY)
            found[name] = (found[name] or 0.0) + part
    if not any(found.values()):
        found[GROUND_OF.get(item.source, HISTORY)] = 1.0
    return found


def _cards(items: Sequence[ListedItem]) -> Iterator[ListedCard]:
    catalogue = snapshot.current()
    for item in items:
        row = catalogue.row_of(item.item_id)
        if row is None:
            continue
        pk = int(catalogue.ids[row])
        card = Card(
            item.title,
            link=reverse("item-page", args=[pk]),
            cover=address_of(pk),
            rank=item.rank,
            sentence=item.reason.sentence if item.reason else "",
            badges=list(_badges(item)),
            shares=shares(grounds(item)),
        )
        yield ListedCard(
            card,
            list(_facts(item)),
            reasons.SOURCES.get(item.source, ""),
            [(one.title, write(one.share, Unit.SHARE)) for one in (item.reason.because if item.reason else ()) or ()],
            [(name, significant(part)) for name, part in ((item.reason and item.reason.sources) or {}).items()],
            [f"Rule {met.rule}: {met.did}{f' ({met.note})' if met.note else ''}." for met in item.rules],
        )


def _badges(item: ListedItem) -> Iterator[Badge]:
    for met in item.rules:
        yield Badge(met.did, hint=met.note)
    if GROUND_OF.get(item.source) == NEW:
        yield Badge("new")


def _facts(item: ListedItem) -> Iterator[tuple[str, str]]:
    yield "Source", reasons.NAMED.get(item.source, item.source)
    yield "Rank", str(item.rank)
    if item.score is not None:
        yield "Score", significant(item.score)
    if item.predicted_rating is not None:
        ends = item.confidence_interval
        interval = f" ({significant(ends[0])} to {significant(ends[1])})" if ends else ""
        yield "Predicted rating", f"{significant(item.predicted_rating)}{interval}"
