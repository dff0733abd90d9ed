"""List what wants somebody's attention and is no alert, as drift is: a sentence each, and the page that settles it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse
from django.utils import timezone

from catalog import snapshot
from interactions import letter_groups, letter_kinds
from interactions.admin import letter_pages
from interactions.letter_kinds import Group
from recommender.insight import performance
from recommender.insight.performance import DAY, Span
from recsite.platform.humanize import distance, pluralize
from recsite.platform.models import ApiKey

KINDS = 3
SOON = timedelta(days=14)
UNSHOWN_DAYS = 28
MOST_ITEMS = 200_000
"""Items up to which it is counted which were shown: beyond, it takes seconds."""

KEPT_SECS = 60


_counted = (0.0, 0)
"""Until when the number of items that nobody sees holds, by the process's clock, and it."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Hold what wants attention, and where it is settled."""

    sentence: str
    link: str


def matters(user: AbstractBaseUser | AnonymousUser) -> list[Matter]:
    """Return what a member of staff may settle."""
    has: Any = user
    return [one for permission, look in LOOKS if has.has_perm(permission) for one in look()]


def _dead_letters() -> Iterator[Matter]:
    kinds: dict[str, list[tuple[Group, int]]] = {}
    for group, number in letter_groups.numbers():
        # Of an unknown item there are as many groups as items: they are one matter.
        kind = group.kind if group.kind in letter_pages.NAMED else group.title
        kinds.setdefault(kind, []).append((group, number))
    for kind, groups in list(kinds.items())[:KINDS]:
        many = pluralize(sum(number for _, number in groups), "dead letter")
        if len(groups) == 1:
            yield Matter(f"{many}: {groups[0][0].title}", letter_pages.address(groups[0][0]))
        else:
            things = pluralize(len(groups), letter_pages.NAMED[kind])
            yield Matter(f"{many}: {letter_kinds.KINDS[kind].lower()}, {things}.", reverse("dead-letters"))
    if (more := len(kinds) - KINDS) > 0:
        yield Matter(f"Dead letters of {pluralize(more, 'other kind')}.", reverse("dead-letters"))


def forget() -> None:
    """Count anew at the next question, for tests."""
    global _counted
    _counted = (0.0, 0)


def _unshown() -> Iterator[Matter]:
    global _counted
    until, number = _counted
    if monotonic() >= until:
        number = _count_unshown()
        _counted = monotonic() + KEPT_SECS, number
    if number:
        sentence = f"{pluralize(number, 'item')} {'was' if number == 1 else 'were'} shown to nobody in four weeks."
        yield Matter(sentence, f"{reverse('admin:catalog_item_changelist')}?view=never")


def _count_unshown() -> int:
    there = snapshot.current().count
    if there > MOST_ITEMS:
        return 0
    now = timezone.now()
    shown = performance.different_items(Span(now - timedelta(days=UNSHOWN_DAYS), now, DAY), None)[""]
    # Before the first list, all of them: that says nothing.
    return max(there - shown, 0) if shown else 0


def _keys() -> Iterator[Matter]:
    now = timezone.now()
    soon = ApiKey.objects.filter(revoked=False, expiry_date__gt=now, expiry_date__lt=now + SOON)
    for key in soon.order_by("expiry_date")[:KINDS]:
        page = reverse("admin:platform_apikey_changelist")
        yield Matter(f"The API key {key.name} ends {distance(key.expiry_date)}.", page)


LOOKS: tuple[tuple[str, Callable[[], Iterator[Matter]]], ...] = (
    ("interactions.view_deadletter", _dead_letters),
    ("catalog.view_item", _unshown),
    ("platform.view_apikey", _keys),
)
"""The permission to see each, and what looks."""
