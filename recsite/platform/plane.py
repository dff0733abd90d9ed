"""Place times and values on the plane of a chart, which is WIDTH by HEIGHT and is stretched to where it stands."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard

from recsite.platform import axes
from recsite.platform.axes import Moment, Scale

WIDTH, HEIGHT = 1000.0, 100.0
MOST_DRAWN = 400
"""Points of a line: more are closer together than the dots of a screen."""

GAP = 0.1
"""The share of its strip that a bar leaves free, at each side."""

Values = Sequence[float | None]
Step = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Plane:
    """Place times from left to right: each has half a step around it, so that bars and hovered strips fit."""

    places: Sequence[float]
    first: float
    reach: float
    step: float

    @classmethod
    def of(cls, at: Sequence[Moment], span: tuple[Moment, Moment] | None = None) -> "Plane":
        """Return the plane of some times, in their order; `span` names the first and the last that it has room for."""
        places = [place(moment) for moment in at]
        first, last = (place(moment) for moment in span) if span else (places[0], places[-1])
        step = min((later - earlier for earlier, later in pairwise(places) if later > earlier), default=1.0)
        return cls(places, first - step / 2, last - first + step, step)

    def x(self, place: float) -> float:
        """Return how far to the right a time is, from 0 to 1."""
        return (place - self.first) / self.reach

    def edges(self) -> list[float]:
        """Return where the strip of each time begins, and where the last one ends."""
        return [0.0, *(self.x((one + other) / 2) for one, other in pairwise(self.places)), 1.0]


def place(moment: Moment) -> float:
    """Return a moment as a number."""
    return float(moment) if isinstance(moment, int) else axes.instant(moment).timestamp()


def runs(plane: Plane, scale: Scale, values: Values) -> list[str]:
    """Return the points of each run without a gap; a point alone is a stroke of no length, which shows as a dot."""
    found: list[list[Step]] = [[]]
    for at, value in zip(plane.places, values, strict=True):
        if is_known(value):
            found[-1].append((plane.x(at), scale.height(value)))
        else:
            found.append([])
    return [_points(run if len(run) > 1 else run * 2) for run in map(_thinned, found) if run]


def dots(strokes: list[str]) -> list[str]:
    """Return the runs that are a point alone, to be drawn larger."""
    return [one for one in strokes if len(set(one.split())) == 1]


def bands(plane: Plane, scale: Scale, low: Values, high: Values) -> list[str]:
    """Return the outline of each part of an interval without a gap."""
    found: list[list[tuple[Step, Step]]] = [[]]
    for at, bottom, top in zip(plane.places, low, high, strict=False):
        if is_known(bottom) and is_known(top):
            found[-1].append(((plane.x(at), scale.height(bottom)), (plane.x(at), scale.height(top))))
        else:
            found.append([])
    return [_points([*(top for _, top in band), *(bottom for bottom, _ in reversed(band))]) for band in found if band]


def bars(plane: Plane, scale: Scale, values: Values) -> list[Bar]:
    """Return a bar from zero to each value; none for what is zero or can't be said."""
    zero, found = scale.height(0.0), []
    for (left, right), value in zip(pairwise(plane.edges()), values, strict=True):
        if is_known(value) and value:
            y, gap = scale.height(value), (right - left) * GAP
            box = (left + gap, min(y, zero), right - left - 2 * gap, abs(zero - y))
            found.append(Bar(*(short(side * size) for side, size in zip(box, (WIDTH, HEIGHT) * 2, strict=True))))
    return found


def is_known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def finite(values: Values) -> list[float]:
    return [value for value in values if is_known(value)]


def percent(share: float) -> str:
    return f"{short(100 * share)}%"


def y(scale: Scale, value: float) -> str:
    return short(HEIGHT * scale.height(value))


def short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _thinned(run: list[Step]) -> list[Step]:
    """Return a run of many points with the lowest and the highest one of each part: no peak is lost."""
    if len(run) <= MOST_DRAWN:
        return run
    size = math.ceil(len(run) / (MOST_DRAWN / 2))
    parts = (run[start : start + size] for start in range(0, len(run), size))
    return [point for part in parts for point in sorted({min(part, key=_height), max(part, key=_height)})]


def _height(point: Step) -> float:
    return point[1]


def _points(steps: Sequence[Step]) -> str:
    return " ".join(f"{short(WIDTH * x)},{short(HEIGHT * y)}" for x, y in steps)
