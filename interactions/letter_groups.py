"""Count dead letters by what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min

from interactions.letter_kinds import Group
from interactions.models import DeadLetter

COUNTED = 50_000
"""The latest letters, of which groups are counted."""

LISTED = 100


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Hold how many letters a group has, when they came, and the latest of them."""

    group: Group
    number: int
    first: datetime
    last: datetime
    example: DeadLetter


def groups(*, ignored: bool = False, most: int = LISTED) -> list[LetterGroup]:
    """Return the groups of the letters that wait, or of those that are ignored; the largest first."""
    rows = _counted(ignored, most)
    examples = DeadLetter.objects.in_bulk([row["example"] for row in rows])
    return [
        LetterGroup(
            Group(row["kind"], row["named"]), row["number"], row["first"], row["last"], examples[row["example"]]
        )
        for row in rows
        if row["example"] in examples
    ]


def numbers() -> list[tuple[Group, int]]:
    """Return the groups of the letters that wait with how many they are; the largest first."""
    return [(Group(row["kind"], row["named"]), row["number"]) for row in _counted(False, LISTED)]


def _counted(ignored: bool, most: int) -> Sequence[Mapping[str, Any]]:
    latest = DeadLetter.objects.filter(is_ignored=ignored).order_by("-received_at").values("pk")[:COUNTED]
    return list(
        DeadLetter.objects.filter(pk__in=latest)
        .order_by()
        .values("kind", "named")
        .annotate(number=Count("pk"), first=Min("received_at"), last=Max("received_at"), example=Max("pk"))
        .order_by("-number", "-last")[:most]
    )


def one(group: Group) -> LetterGroup | None:
    """Return a group with all its letters; None where it has none."""
    letters = DeadLetter.objects.of(group)
    found = letters.aggregate(number=Count("pk"), first=Min("received_at"), last=Max("received_at"))
    latest = letters.order_by("-received_at", "-pk").first()
    return LetterGroup(group, found["number"], found["first"], found["last"], latest) if latest else None
