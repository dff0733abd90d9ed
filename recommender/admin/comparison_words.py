"""Say in words which of two releases or models is better, by what, and how surely."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from recommender.engine.evaluation.comparison import Difference
from recommender.insight import release_clicks, stretches
from recommender.insight.performance import interval, rate
from recommender.operations import same_events
from recommender.operations.compare import Comparison
from recommender.operations.same_events import NDCG, RMSE, Fair
from recommender.operations.sides import Side
from recommender.serving.candidates import POPULAR
from recsite.platform.humanize import EMPTY, decimal
from recsite.platform.parts import State
from recsite.platform.units import Unit, significant, write

MAIN = (NDCG, "Recall@10", "Coverage@10", "Novelty (bits)", "Diversity", RMSE)
"""Figures that stand on the page; all others are behind a word."""


@dataclass(frozen=True, slots=True)
class Told:
    """Hold one figure of both sides, in words."""

    name: str
    a: str
    b: str
    difference: str
    interval: str
    words: str
    """What the difference means."""

    state: State
    """Good where B is better, bad where it is worse."""


def verdict(found: Comparison) -> str:
    """Answer the question that leads here in a sentence: is B better than A, by how much, and how surely?"""
    said = [_said(name, what, found) for name, what in ((NDCG, "lists"), (RMSE, "ratings"))]
    return " ".join(filter(None, said)) or "Neither was measured: there were no held-out events."


def tables(found: Comparison) -> dict[str, Any]:
    """Return the tables of figures and slices."""
    rows = list(map(_told, found.figures))
    return {
        "figures": [row for name in MAIN for row in rows if row.name == name],
        "more_figures": [row for row in rows if row.name not in MAIN],
        "slices": {title: list(map(_told, rows)) for title, rows in found.slices.items()},
    }


def clicks(a: Side, b: Side) -> list[Mapping[str, str]]:
    """Return what the lists of both achieved while each was live: other days and users, so it proves nothing."""
    leaders = {side.number: side.leader.pk for side in (a, b) if side.leader}
    found = release_clicks.read(leaders, stretches.stretches(), POPULAR, timezone.now())
    return list(_clicked((a, b), found)) if any(one.total.shown for one in found.values()) else []


def _said(name: str, what: str, found: Comparison) -> str:
    fair = same_events.compare(name, found.a, found.b)
    one = fair.difference
    if one is None or one.difference is None or one.a is None or one.b is None:
        return _apart(found, fair) if fair.why_not and name == NDCG else ""
    figures = f"{one.name} {decimal(one.b)} against {decimal(one.a)}"
    if one.better:
        return f"{found.b.title} makes {'better' if one.better == 'b' else 'worse'} {what}, surely: {figures}."
    if not one.difference:
        return f"Both make equally good {what}: {figures}."
    if one.interval is None:
        return f"How sure the difference of their {what} is isn't known: {figures}."
    return f"Their {what} are equally good within the noise: {figures}."


def _apart(found: Comparison, fair: Fair) -> str:
    """Say why it can't be said and what would say it, and what each is beside popularity."""
    if not fair.explained:
        return ""
    ratios = [(side.title, same_events.times_popularity(side)) for side in (found.b, found.a)]
    told = [f"those of {title} {significant(ratio, 2)} times as good as popularity" for title, ratio in ratios if ratio]
    each = f" Each by its own events: {' and '.join(told)}." if told else ""
    return f"Which lists are better can't be said yet: {fair.explained}.{each}"


def _told(row: Difference) -> Told:
    ends = row.interval
    state = {"a": State.BAD, "b": State.GOOD}.get(row.better, State.NONE)
    return Told(
        row.name,
        decimal(row.a),
        decimal(row.b),
        EMPTY if row.difference is None else _signed(row.difference),
        f"{_signed(ends[0])} to {_signed(ends[1])}" if ends else "",
        row.words,
        state,
    )


def _signed(number: float) -> str:
    return significant(number, 2, sign="+")


def _clicked(sides: Sequence[Side], found: Mapping[int, release_clicks.LiveClicks]) -> Iterator[Mapping[str, str]]:
    for name, side in zip("AB", sides, strict=True):
        total = found[side.number].total if side.number in found else None
        if total is None or not total.shown:
            yield {
                "name": name,
                "title": side.title,
                "rate": EMPTY,
                "ends": "never live, or nothing was shown",
                "over": EMPTY,
            }
            continue
        low, high = interval(total.clicks, total.shown) or (0.0, 0.0)
        yield {
            "name": name,
            "title": side.title,
            "rate": write(rate(total.clicks, total.shown), Unit.SHARE, 2),
            "ends": f"{significant(100 * low, 2)} to {write(high, Unit.SHARE, 2)}, {total.clicks:,} of {total.shown:,}",
            "over": found[side.number].over_base.words,
        }
