"""What lists achieve: from the figures that were added up, never from the lists themselves."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Avg, QuerySet, Sum

from recommender.models import Kind, ServedDay, ServedItem, ServedRank

COUNTS = ("lists", "lists_clicked", "lists_converted", "places", "places_clicked", "places_converted", "places_by_id")
GROUP = ("kind", "placement", "algorithm", "version", "variant")
CURVE = 20
"""The places of a curve."""


@dataclass(frozen=True, slots=True)
class Line:
    """The lists of one kind, placement, algorithm, model version and variant, over some days."""

    kind: str
    placement: str
    algorithm: str
    version: int
    variant: str
    items: float
    """Different items that were shown on a day, on average."""
    lists: int
    lists_clicked: int
    lists_converted: int
    places: int
    places_clicked: int
    places_converted: int
    places_by_id: int

    @property
    def click_rate(self) -> float:
        """The share of the places shown that were clicked: the click-through rate."""
        return self.places_clicked / self.places if self.places else 0.0

    @property
    def list_click_rate(self) -> float:
        """The share of the lists of which anything was clicked."""
        return self.lists_clicked / self.lists if self.lists else 0.0

    @property
    def conversion_rate(self) -> float:
        """The share of the lists that led to a conversion."""
        return self.lists_converted / self.lists if self.lists else 0.0

    @property
    def named_share(self) -> float:
        """The share of the clicks that named the list; the others followed within the window."""
        return self.places_by_id / self.places_clicked if self.places_clicked else 0.0

    @property
    def kind_label(self) -> str:
        return str(Kind(self.kind).label)


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a curve: the share of its showings that were clicked, and converted."""

    rank: int
    shown: int
    clicked: int
    converted: int

    @property
    def click_rate(self) -> float:
        return self.clicked / self.shown if self.shown else 0.0


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item in the lists of some days."""

    item: int
    shown: int
    clicked: int
    converted: int


def days_back(days: int) -> date:
    """The first of the latest so many days of UTC, today included."""
    return datetime.now(UTC).date() - timedelta(days=days - 1)


def lines(days: int) -> list[Line]:
    """What lists achieved in the latest days, the most shown first."""
    found = _days(days).values(*GROUP).annotate(**{f"{name}_": Sum(name) for name in COUNTS}, items_=Avg("items"))
    rows = [{name.removesuffix("_"): value for name, value in row.items()} for row in found.order_by("-lists_")]
    return [Line(**row) for row in rows]


def curves(days: int, kind: str) -> dict[str, list[Point]]:
    """By algorithm, how often each of the first places was clicked."""
    ranks = ServedRank.objects.filter(served__in=_days(days).filter(kind=kind), rank__lte=CURVE).order_by()
    counts = [Sum(name) for name in ("shown", "clicked", "converted")]
    rows = ranks.values_list("served__algorithm", "rank").annotate(*counts).order_by("served__algorithm", "rank")
    found: dict[str, list[Point]] = {}
    for algorithm, *point in rows:
        found.setdefault(algorithm, []).append(Point(*point))
    return found


def items_shown(day: ServedDay, most: int = 20) -> list[ItemLine]:
    """The items of a day's lists that were shown most."""
    rows = ServedItem.objects.filter(served=day).order_by("-shown", "item_id")[:most]
    return [ItemLine(row.item_id, row.shown, row.clicked, row.converted) for row in rows]


def click_rates(days: int = 2) -> dict[str, float]:
    """The click-through rate of each algorithm: today's and yesterday's."""
    found = _days(days).order_by().values_list("algorithm").annotate(shown=Sum("places"), clicked=Sum("places_clicked"))
    return {algorithm: clicked / shown for algorithm, shown, clicked in found if shown}


def _days(days: int) -> QuerySet[ServedDay]:
    return ServedDay.objects.filter(day__gte=days_back(days))
