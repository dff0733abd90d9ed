"""Show what a placement would list with other settings, beside what it lists now. Nothing of it counts as shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db.models import Count, F

from catalog.models import EndUser
from interactions.models import Interaction
from recommender.merchandising import ListSettings
from recommender.models import Placement
from recommender.serving.bought_lists import bought_together
from recommender.serving.candidates import LATEST
from recommender.serving.contract import Answer, BoughtItem, BoughtTogether, ListedItem, Request, UnknownAlgorithm
from recommender.serving.item_lists import session, similar
from recommender.serving.placements import Kind, ServedPlacement, served
from recommender.serving.rule_conflicts import conflicts
from recommender.serving.user_lists import recommend

SHOWN = 12
ACTIVE = 21
"""The users active last, of whom the one in the middle is somebody typical. Few: their events are counted."""

NEWCOMER = ""
FROM_ITEMS = frozenset((Kind.SESSION, Kind.SIMILAR, Kind.BOUGHT_TOGETHER))
IMPERSONAL_KINDS = frozenset((Kind.POPULAR, Kind.LATEST, Kind.TRENDING))


@dataclass(frozen=True, slots=True)
class Subject:
    """Name for whom, or from which items, the lists are made."""

    user_id: str = NEWCOMER
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """Hold one item of a list, with its rank on the other one."""

    item_id: str
    title: str
    rank: int
    source: str
    other_rank: int | None
    """None where the other list doesn't have it among the first hundred."""
    rules: Sequence[str] = ()
    """What rules did to it: pinned, boosted ..."""

    @property
    def moved(self) -> int:
        """Return by how many ranks it stands further up than on the other list; 0 where that doesn't have it."""
        return 0 if self.other_rank is None else self.other_rank - self.rank


@dataclass(frozen=True, slots=True)
class Preview:
    """Hold both lists: what is live now, and what would be."""

    before: Sequence[PreviewItem]
    after: Sequence[PreviewItem]
    algorithm_before: str
    algorithm_after: str
    conflicts: Sequence[str] = ()
    """What stands in the way of the rules that are looked at, a sentence each."""

    @property
    def length(self) -> int:
        """Return the length of the longer list."""
        return max(len(self.before), len(self.after))

    @property
    def changed(self) -> int:
        """Count the ranks that hold another item."""
        was = [one.item_id for one in self.before]
        new = [one.item_id for one in self.after]
        return sum(one != two for one, two in zip(was, new, strict=False)) + abs(len(was) - len(new))


def preview(placement: Placement, own: ListSettings, subject: Subject, n: int = SHOWN) -> Preview:
    """Return the first n items that the placement lists now and with these settings, for the same subject.

    A list whose length the placement sets has no more.

    Lists are made as they are served, by the live release. Raises UnknownItem, and ServingUnavailable.
    """
    now = served(placement)
    both = (now, replace(now, revision=None, settings=own))
    before, after = (_listed(one, subject) for one in both)
    shown = [min(n, one.settings.count or n) for one in both]
    ranks = [{item.item_id: item.rank for item in answer.items} for answer in (before, after)]
    return Preview(
        _beside(before, ranks[1], shown[0]),
        _beside(after, ranks[0], shown[1]),
        _algorithm_of(before),
        _algorithm_of(after),
        conflicts(placement.kind, own),
    )


def typical_user() -> str:
    """Return a user who did as much as most of those who were active last; nobody's id where there are no users."""
    active = EndUser.objects.filter(opted_out_at=None).order_by(F("last_active").desc(nulls_last=True), "pk")[:ACTIVE]
    found = {user.pk: user.user_id for user in active}
    if not found:
        return NEWCOMER
    acts = Interaction.objects.filter(user_id__in=found).order_by().values_list("user_id").annotate(n=Count("id"))
    counts = dict.fromkeys(found, 0) | dict(acts)
    ordered = sorted(found, key=lambda pk: (counts[pk], pk))
    return found[ordered[len(ordered) // 2]]


def typical_item() -> str:
    """Return an item that many know: the first of the popular ones. Empty where the catalogue is."""
    answer = recommend(Request(NEWCOMER, 1, is_shown=False), ServedPlacement("preview", settings=PLAIN))
    return next((item.item_id for item in answer.items), "")


PLAIN = ListSettings(new_item_share=0.0)


def _listed(placement: ServedPlacement, subject: Subject) -> Answer | BoughtTogether:
    request = Request(
        subject.user_id, settings.MAX_RECOMMENDATION_COUNT, items=subject.items, kind=placement.kind, is_shown=False
    )
    if placement.kind in IMPERSONAL_KINDS:
        return _impersonal(placement, request)
    make: Mapping[str, Callable[[Request, ServedPlacement], Answer | BoughtTogether]] = {
        Kind.SESSION: session,
        Kind.SIMILAR: similar,
        Kind.BOUGHT_TOGETHER: bought_together,
    }
    return make.get(placement.kind, recommend)(request, placement)


def _impersonal(placement: ServedPlacement, request: Request) -> Answer:
    """Return such a list as the API does: what is new, where nothing is popular yet."""
    try:
        return recommend(replace(request, algorithm=placement.kind), placement)
    except UnknownAlgorithm:
        return recommend(replace(request, algorithm=LATEST), placement)


def _beside(answer: Answer | BoughtTogether, ranks: Mapping[str, int], n: int) -> list[PreviewItem]:
    return [
        PreviewItem(
            one.item_id, one.title, one.rank, _source_of(one), ranks.get(one.item_id), [met.did for met in one.rules]
        )
        for one in answer.items[:n]
    ]


def _source_of(item: ListedItem | BoughtItem) -> str:
    return item.source if isinstance(item, ListedItem) else item.basis


def _algorithm_of(answer: Answer | BoughtTogether) -> str:
    return answer.algorithm if isinstance(answer, Answer) else Kind.BOUGHT_TOGETHER.value
