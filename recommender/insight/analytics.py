"""Report what lists achieve, from the daily totals alone, never from the impressions themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Avg, Max, Min, QuerySet, Sum

from recommender.models import DailyImpressions, ItemImpressions, ListKind, PositionImpressions

COUNTS = ("lists", "lists_clicked", "lists_converted", "places", "places_clicked", "places_converted", "places_by_id")
GROUP = ("kind", "placement", "algorithm", "version", "variant")
CURVE = 20
"""The ranks of a curve."""


@dataclass(frozen=True, slots=True)
class ListTotals:
    """Total the lists of one kind, placement, algorithm, model version and variant over some days."""

    kind: str
    placement: str
    algorithm: str
    version: int
    variant: str
    items: float
    """Distinct items shown per day, on average."""
    lists: int
    lists_clicked: int
    lists_converted: int
    places: int
    places_clicked: int
    places_converted: int
    places_by_id: int

    @property
    def click_rate(self) -> float:
        """Return the click-through rate: clicked items by items shown."""
        return self.places_clicked / self.places if self.places else 0.0

    @property
    def list_click_rate(self) -> float:
        """Return the share of lists with at least one click."""
        return self.lists_clicked / self.lists if self.lists else 0.0

    @property
    def conversion_rate(self) -> float:
        """Return the share of lists that led to a conversion."""
        return self.lists_converted / self.lists if self.lists else 0.0

    @property
    def named_share(self) -> float:
        """Return the share of clicks that named their list; the others followed within the attribution window."""
        return self.places_by_id / self.places_clicked if self.places_clicked else 0.0

    @property
    def kind_label(self) -> str:
        return str(ListKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class RankTotals:
    """Total one rank of the lists: impressions, clicks and conversions."""

    rank: int
    shown: int
    clicked: int
    converted: int

    @property
    def click_rate(self) -> float:
        return self.clicked / self.shown if self.shown else 0.0


@dataclass(frozen=True, slots=True)
class ItemTotals:
    """Total one item of a day's lists."""

    item: int
    shown: int
    clicked: int
    converted: int


def days_back(days: int) -> date:
    """Return the first of the latest `days` days in UTC, today included."""
    return datetime.now(UTC).date() - timedelta(days=days - 1)


def list_totals(days: int) -> list[ListTotals]:
    """Return the totals of the latest days, the most shown lists first."""
    found = _days(days).values(*GROUP).annotate(**{f"{name}_": Sum(name) for name in COUNTS}, items_=Avg("items"))
    rows = [{name.removesuffix("_"): value for name, value in row.items()} for row in found.order_by("-lists_")]
    return [ListTotals(**row) for row in rows]


def rank_curves(days: int, kind: str) -> dict[str, list[RankTotals]]:
    """Return the totals of the first ranks by algorithm."""
    ranks = PositionImpressions.objects.filter(daily__in=_days(days).filter(kind=kind), rank__lte=CURVE).order_by()
    counts = [Sum(name) for name in ("shown", "clicked", "converted")]
    rows = ranks.values_list("daily__algorithm", "rank").annotate(*counts).order_by("daily__algorithm", "rank")
    found: dict[str, list[RankTotals]] = {}
    for algorithm, *totals in rows:
        found.setdefault(algorithm, []).append(RankTotals(*totals))
    return found


@dataclass(frozen=True, slots=True)
class RevisionTotals:
    """Total what one revision of a placement was shown and clicked, over all days."""

    revision: int
    """0 for lists from before placements had revisions."""
    first_day: date
    last_day: date
    lists: int
    shown: int
    clicked: int

    @property
    def click_rate(self) -> float:
        return self.clicked / self.shown if self.shown else 0.0


def revision_totals(placement: str, most: int) -> list[RevisionTotals]:
    """Return the totals of a placement's revisions, the latest first."""
    rows = DailyImpressions.objects.filter(placement=placement).order_by().values_list("placement_revision")
    found = rows.annotate(Min("day"), Max("day"), Sum("lists"), Sum("places"), Sum("places_clicked"))
    return [RevisionTotals(*row) for row in found.order_by("-placement_revision")[:most]]


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Total what a placement showed and had clicked on a day (UTC), whatever the revision."""

    day: date
    shown: int = 0
    clicked: int = 0

    @property
    def click_rate(self) -> float | None:
        """Return clicked items by items shown; None where none was."""
        return self.clicked / self.shown if self.shown else None


def day_totals(placement: str, days: int) -> list[DayTotals]:
    """Return the totals of each of the latest days, the first one first; days without lists have none."""
    rows = _days(days).filter(placement=placement).order_by().values_list("day")
    found = {day: DayTotals(day, *totals) for day, *totals in rows.annotate(Sum("places"), Sum("places_clicked"))}
    return _each_day(found, days)


def placement_days(days: int) -> dict[str, list[DayTotals]]:
    """Return the totals of each of the latest days by placement, of all placements that showed anything in them."""
    rows = _days(days).order_by().values_list("placement", "day")
    found: dict[str, dict[date, DayTotals]] = {}
    for placement, day, *totals in rows.annotate(Sum("places"), Sum("places_clicked")):
        found.setdefault(placement, {})[day] = DayTotals(day, *totals)
    return {name: _each_day(its, days) for name, its in found.items()}


def _each_day(found: Mapping[date, DayTotals], days: int) -> list[DayTotals]:
    start = days_back(days)
    return [found.get(day, DayTotals(day)) for day in (start + timedelta(number) for number in range(days))]


def top_items(day: DailyImpressions, most: int = 20) -> list[ItemTotals]:
    """Return the items that a day's lists showed most."""
    rows = ItemImpressions.objects.filter(daily=day).order_by("-shown", "item_id")[:most]
    return [ItemTotals(row.item_id, row.shown, row.clicked, row.converted) for row in rows]


def click_rates(days: int = 2) -> dict[str, float]:
    """Return the click-through rate of each algorithm over today and yesterday."""
    found = _days(days).order_by().values_list("algorithm").annotate(shown=Sum("places"), clicked=Sum("places_clicked"))
    return {algorithm: clicked / shown for algorithm, shown, clicked in found if shown}


def _days(days: int) -> QuerySet[DailyImpressions]:
    return DailyImpressions.objects.filter(day__gte=days_back(days))
