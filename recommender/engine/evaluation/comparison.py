"""Compare the stored figures of two models: what differs, and whether it is more than noise. No model is needed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import stdev
from typing import Any

from recommender.engine.evaluation.gate import Z_95
from recommender.engine.evaluation.task import AGES
from recommender.engine.forms.hybrid import BUCKETS

LISTS, RATINGS = "lists", "ratings"
SAME_SPLIT = ("data_hash", "seed", "k", "protocol", "test_fraction")
"""What two evaluations have in common that judged the same users by the same held-out events."""

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """Name one figure, and say where an evaluation keeps it."""

    name: str
    path: tuple[str, ...]
    of: str = LISTS
    is_better: int = 1
    """1 where more is better, -1 where less is, 0 where it is a matter of taste."""
    interval: tuple[str, ...] = ()
    """Where its 95 % interval is kept."""
    by_user: tuple[str, ...] = ()
    """Where the values of single users are kept, of which it is the mean."""


FIGURES = (
    Figure("nDCG@10", ("metrics", "ndcg_at_10"), interval=("full", "ndcg_interval"), by_user=("full", "ndcg_by_user")),
    *(
        Figure(f"{title}@{length}", ("full", "by_length", str(length), key))
        for length in (5, 10, 20)
        for title, key in (
            ("nDCG", "ndcg"),
            ("Recall", "recall"),
            ("Precision", "precision"),
            ("MAP", "map"),
            ("MRR", "mrr"),
            ("Hit rate", "hit_rate"),
        )
        if (title, length) != ("nDCG", 10)
    ),
    Figure("Coverage@10", ("metrics", "coverage_at_10")),
    Figure("Novelty (bits)", ("full", "novelty"), is_better=0),
    Figure("Diversity", ("full", "diversity"), is_better=0),
    Figure("Gini index", ("full", "gini"), is_better=0),
    Figure("RMSE", ("metrics", "rmse"), RATINGS, -1, ("full", "rmse_interval")),
    Figure("MAE", ("metrics", "mae"), RATINGS, -1),
    Figure("Interval coverage", ("metrics", "interval_coverage"), RATINGS, 0),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold a figure of both, and the difference: b minus a."""

    name: str
    a: float | None
    b: float | None
    difference: float | None = None
    interval: tuple[float, float] | None = None
    """The 95 % interval of the difference; None where only the figures are kept, without their own intervals."""
    better: str = ""
    """`a` or `b`, where the difference is surely more than noise."""
    is_paired: bool = False
    """True where the interval is of the differences of the same users; else it is wider than it needs to be."""
    is_beside: bool = False
    """True where one figure is what the settings of that side reached beside the other one, on its events."""
    is_apart: bool = False
    """True where both were judged by different events, so that a difference would mean nothing."""

    @property
    def words(self) -> str:
        """Say in words what the difference means."""
        if self.is_apart:
            return "judged by different events"
        if self.difference is None:
            return "not measured of both"
        if not self.difference:
            return "equal"
        if self.interval is None:
            return "no interval is known"
        if self.interval[0] <= 0 <= self.interval[1]:
            return "inside the noise"
        return f"{self.better.upper()} is better, surely" if self.better else "a sure difference"


def compare(a: Mapping[str, Figures], b: Mapping[str, Figures]) -> list[Difference]:
    """Return the figures that either has; `a` and `b` hold the evaluation of what leads LISTS and of what RATES."""
    found = (_difference(one, a.get(one.of, {}), b.get(one.of, {})) for one in FIGURES)
    return [one for one in found if one.a is not None or one.b is not None]


def against_rival(name: str, own: Figures, rival: str) -> Difference | None:
    """Compare a figure with what a rival of the evaluation reached on the same events: `a` is the rival.

    Of rivals no interval is kept. Theirs is taken to be as wide as the own one, and of other users: too wide, never too
    narrow, since both were judged by the same. None where the rival was not evaluated.
    """
    figure = next(one for one in FIGURES if one.name == name)
    value, other = _at(own, figure.path), _at(own, ("beside", rival, figure.path[-1]))
    if value is None or other is None:
        return None
    ends = _at(own, figure.interval)
    interval = _interval(value - other, ends, ends)
    is_sure = interval is not None and not interval[0] <= 0 <= interval[1]
    better = ("b" if (value - other) * figure.is_better > 0 else "a") if is_sure and figure.is_better else ""
    return Difference(name, other, value, value - other, interval, better, is_beside=True)


def turned(found: Difference) -> Difference:
    """Return the difference with both sides swapped."""
    return replace(
        found,
        a=found.b,
        b=found.a,
        difference=None if found.difference is None else -found.difference,
        interval=found.interval and (-found.interval[1], -found.interval[0]),
        better={"a": "b", "b": "a"}.get(found.better, ""),
    )


def apart(found: Difference) -> Difference:
    """Return both figures without a difference: each was judged by other events."""
    return Difference(found.name, found.a, found.b, is_apart=found.difference is not None)


def part_of(name: str) -> str:
    """Return what a figure is of: LISTS or RATINGS."""
    return next(one.of for one in FIGURES if one.name == name)


def compare_slices(a: Figures, b: Figures) -> dict[str, list[Difference]]:
    """Return the nDCG by how much is known of the user, and the recall by the age of items."""
    slices = {
        "By how many items the user had": ("by_activity", "ndcg", "ndcg_interval"),
        "By how long the item had been there": ("by_item_age", "recall", ""),
    }
    found = {title: list(_slices(a, b, *where)) for title, where in slices.items()}
    return {title: rows for title, rows in found.items() if rows}


def is_same_split(a: Figures, b: Figures) -> bool:
    """Tell if both were judged by the same users and the same held-out events."""
    return bool(a) and all(a.get(name) == b.get(name) for name in SAME_SPLIT)


def settings_that_differ(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the names of settings with unequal values, and both; None where one doesn't have it."""
    flat_a, flat_b = dict(_flat(a)), dict(_flat(b))
    names = sorted(flat_a.keys() | flat_b.keys())
    return [(name, flat_a.get(name), flat_b.get(name)) for name in names if flat_a.get(name) != flat_b.get(name)]


def overlap(a: Sequence[Sequence[Any]], b: Sequence[Sequence[Any]]) -> tuple[float, float, int]:
    """Return of pairs of lists the mean share of common items, the share of equal lists, and how many have nothing.

    The share is of the longer list: of ten items, six of which both have, 0.6. Two empty lists are equal.
    """
    shares = [
        len(set(x) & set(y)) / max(len(x), len(y)) if len(x) or len(y) else 1.0 for x, y in zip(a, b, strict=True)
    ]
    if not shares:
        return 0.0, 0.0, 0
    equal = sum(list(x) == list(y) for x, y in zip(a, b, strict=True))
    return sum(shares) / len(shares), equal / len(shares), sum(share == 0 for share in shares)


def _slices(a: Figures, b: Figures, where: str, key: str, interval: str) -> Iterator[Difference]:
    there = {*_at(a, ("full", where), {}), *_at(b, ("full", where), {})}
    # A database keeps the names of a JSON object in an order of its own.
    for name in (name for name in (*BUCKETS, *AGES) if name in there):
        path = ("full", where, name)
        figure = Figure(name, (*path, key), interval=(*path, interval) if interval else ())
        found = _difference(figure, a, b)
        if found.a is not None or found.b is not None:
            yield found


def _difference(figure: Figure, a: Figures, b: Figures) -> Difference:
    own, other = _at(a, figure.path), _at(b, figure.path)
    if own is None or other is None:
        return Difference(figure.name, own, other)
    difference = other - own
    interval = _paired(figure, difference, a, b)
    is_paired = interval is not None
    if interval is None and figure.interval:
        interval = _interval(difference, _at(a, figure.interval), _at(b, figure.interval))
    is_sure = interval is not None and not interval[0] <= 0 <= interval[1]
    better = ("b" if difference * figure.is_better > 0 else "a") if is_sure and figure.is_better else ""
    return Difference(figure.name, own, other, difference, interval, better, is_paired)


def _paired(figure: Figure, difference: float, a: Figures, b: Figures) -> tuple[float, float] | None:
    """Return the interval of the mean of the users' differences; None where they aren't known of the same users.

    What is common to both, users who are easy to please and those who aren't, falls out of it: a paired z interval, as
    the gate takes (Sakai, *Statistical Significance, Power, and Sample Sizes*, 2016). The spread is that of the users
    who are kept, the error that of all who were judged.
    """
    if not figure.by_user or not is_same_split(a, b):
        return None
    own, other = _at(a, figure.by_user, {}), _at(b, figure.by_user, {})
    n, values, others = own.get("n"), own.get("values"), other.get("values")
    if not values or not others or n != other.get("n") or len(values) != len(others) or len(values) < 2:
        return None
    half = Z_95 * stdev(y - x for x, y in zip(values, others, strict=True)) / sqrt(n)
    return difference - half, difference + half


def _interval(difference: float, a: Any, b: Any) -> tuple[float, float] | None:
    """Return the interval of the difference, as of two samples that know nothing of each other.

    Where both were judged by the same users it is too wide, never too narrow: see `_paired`.
    """
    if not a or not b or None in (*a, *b):
        return None
    half = sqrt(sum(((high - low) / (2 * Z_95)) ** 2 for low, high in (a, b))) * Z_95
    return difference - half, difference + half


def _at(figures: Figures, path: Iterable[str], otherwise: Any = None) -> Any:
    found: Any = figures
    for name in path:
        if not isinstance(found, Mapping):
            return otherwise
        found = found.get(name)
    return otherwise if found is None else found


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", list(value) if isinstance(value, tuple) else value
