"""Compute the geometry of charts: numbers in, points of an SVG out. `admin/parts/chart.html` draws them all.

What can't be said (None or NaN) interrupts its line. Lines and bars are on a plane that is stretched to where it
stands; what is written stands outside of it, at a place in percent.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from recsite.platform import axes, plane
from recsite.platform.axes import Moment, Scale
from recsite.platform.plane import Bar, Plane, Values, is_known, percent
from recsite.platform.units import Unit, write

MOST_READ = 150
"""Values to hover over, and rows of the table."""

STYLES = 5
"""Colours of lines, each with its own dashes as well; the sixth line looks like the first one."""

EDGE = 0.05
NOT_OVER = "not over yet"
"""What is said of a step that goes on: its figures still grow, and are no fall."""


@dataclass(frozen=True, slots=True)
class Series:
    """Hold a line of a chart: a value for each of its times."""

    name: str
    values: Values
    low: Values = ()
    high: Values = ()
    """The ends of each value's interval, drawn as a band."""

    is_base: bool = False
    """What the others are compared with: a grey line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Say that something happened at a time: "release 3 promoted by grace"."""

    at: datetime | date
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a series as it is drawn: its unbroken runs, and the outlines of its band."""

    name: str
    style: str
    runs: list[str]
    dots: list[str]
    bands: list[str]
    latest: str
    """The value of the last step that is over; where none is, what the one that goes on has come to so far."""


@dataclass(frozen=True, slots=True)
class Label:
    """Hold words below or above the plane, at a place in percent."""

    x: str
    anchor: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what stands at one time: shown while the pointer is over its strip, and as a row of the table."""

    at: str
    x: str
    width: str
    middle: str
    anchor: str
    values: list[tuple[str, str]]
    marks: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Hold all that the template draws. Where nothing can be drawn, `empty` says why."""

    title: str
    sentence: str = ""
    empty: str = ""
    first_column: str = ""
    top: str = ""
    middle: str = ""
    bottom: str = ""
    zero: str = ""
    """Where zero is, if neither at the bottom nor at the top."""

    limit: str = ""
    limit_name: str = ""
    lines: Sequence[Line] = ()
    bars: Sequence[Bar] = ()
    bars_name: str = ""
    ticks: Sequence[Label] = ()
    marks: Sequence[str] = ()
    unfinished: tuple[str, str] | None = None
    """Where the step that is not over begins, and how wide it is."""
    columns: Sequence[str] = ()
    readings: Sequence[Reading] = ()

    @property
    def is_empty(self) -> bool:
        return not self.readings

    @property
    def has_legend(self) -> bool:
        """Return True where a line has to say which one it is, or something stands beside the lines."""
        return bool(
            len(self.lines) > 1
            or any(one.bands for one in self.lines)
            or self.bars_name
            or self.limit
            or self.marks
            or self.unfinished
        )


def chart(
    title: str,
    at: Sequence[Moment],
    series: Sequence[Series],
    *,
    unit: Unit = Unit.COUNT,
    sentence: str = "",
    empty: str = "There is nothing to draw yet.",
    marks: Iterable[Mark] = (),
    bars: Series | None = None,
    limit: tuple[str, float] | None = None,
    within: tuple[float, float] | None = None,
    span: tuple[Moment, Moment] | None = None,
    has_room_for: Sequence[float] = (),
    from_zero: bool = True,
    is_barred: bool = False,
    now: float | None = None,
) -> Chart:
    """Return a chart of some series over the same times.

    `bars` stand behind the lines on a scale of their own, which the legend names; with `is_barred` the one series is
    drawn as bars itself. `limit` is a dashed line with its name, `within` cuts what would flatten all others, `span` is
    from when to when the plane reaches (else from the first time to the last one), and `has_room_for` are values that
    the plane is high enough for, so that charts beside each other can be compared. A last step that isn't over `now`
    (seconds, else this moment) is marked as such, and no legend has its value.
    """
    known = [value for one in series for values in (one.values, one.low, one.high) for value in plane.finite(values)]
    if not at or not (known or (bars and plane.finite(bars.values))):
        return Chart(title, sentence, empty)
    span = span or (at[0], at[-1])
    laid, is_whole = Plane.of(at, span), unit == Unit.COUNT
    if within:
        known = [min(max(value, within[0]), within[1]) for value in known]
    roomy = [*known, *has_room_for, *([limit[1]] if limit else [])]
    scale = axes.scale(roomy, from_zero=from_zero, is_whole=is_whole)
    behind = axes.scale(plane.finite(bars.values), is_whole=True) if bars else scale
    barred = bars or (series[0] if is_barred else None)
    columns = ([(bars, Unit.COUNT)] if bars else []) + [(one, unit) for one in series]
    marked = _marked(laid, marks)
    is_over = _is_over(laid, at[-1], time.time() if now is None else now)
    return Chart(
        title,
        sentence,
        first_column="Rank" if isinstance(at[0], int) else "Time" if isinstance(at[0], datetime) else "Day",
        top=write(scale.top, unit),
        middle=write(scale.middle, unit),
        bottom=write(scale.bottom, unit),
        zero=plane.y(scale, 0.0) if scale.bottom < 0 < scale.top else "",
        limit=plane.y(scale, limit[1]) if limit else "",
        limit_name=f"{limit[0]}: {write(limit[1], unit)}" if limit else "",
        lines=[] if is_barred else _lines(laid, scale, series, unit, is_over),
        bars=plane.bars(laid, behind, barred.values) if barred else [],
        bars_name=f"{bars.name} (top: {write(behind.top, Unit.COUNT)})" if bars else "",
        ticks=[_label(laid.x(plane.place(moment)), words) for moment, words in axes.ticks(*span)],
        marks=[percent(x) for x, _, _ in marked],
        unfinished=None if is_over else _last_strip(laid),
        columns=[one.name for one, _ in columns],
        readings=_readings(laid, at, columns, marked, is_over),
    )


def spark(values: Values) -> list[str]:
    """Return the runs of a line as small as a word, on a scale that has zero on it."""
    if not plane.finite(values):
        return []
    return plane.runs(Plane.of(range(len(values))), axes.scale(plane.finite(values)), values)


def _is_over(laid: Plane, last: Moment, now: float) -> bool:
    """Tell whether the last step is; ranks are no steps of time, and one time alone has no length."""
    return isinstance(last, int) or len(laid.places) < 2 or laid.places[-1] + laid.step <= now


def _last_strip(laid: Plane) -> tuple[str, str]:
    """Return where the strip of the last time begins, and how wide it is."""
    begin, end = laid.edges()[-2:]
    return percent(begin), percent(end - begin)


def _lines(laid: Plane, scale: Scale, series: Sequence[Series], unit: Unit, is_over: bool) -> list[Line]:
    lines, number = [], 0
    for one in series:
        number += not one.is_base
        style = "base" if one.is_base else str((number - 1) % STYLES + 1)
        whole = one.values if is_over else one.values[:-1]
        latest = write(next((value for value in reversed(whole) if is_known(value)), None), unit)
        if not is_over and is_known(one.values[-1]) and not plane.finite(whole):
            latest = f"{write(one.values[-1], unit)} so far"
        bands = plane.bands(laid, scale, one.low, one.high)
        runs = plane.runs(laid, scale, one.values)
        lines.append(Line(one.name, style, runs, plane.dots(runs), bands, latest))
    return lines


def _readings(
    laid: Plane,
    at: Sequence[Moment],
    columns: Sequence[tuple[Series, Unit]],
    marked: Sequence[tuple[float, int, str]],
    is_over: bool,
) -> list[Reading]:
    """Return what is read at each time; of very many times, at the last one of each few."""
    each = math.ceil(len(at) / MOST_READ)
    edges, readings = laid.edges(), []
    for end in range(len(at), 0, -each):
        start, last = max(end - each, 0), end - 1
        x = laid.x(laid.places[last])
        readings.append(
            Reading(
                at=axes.label(at[last]) + ("" if is_over or end < len(at) else f" ({NOT_OVER})"),
                x=percent(edges[start]),
                width=percent(edges[end] - edges[start]),
                middle=percent(x),
                anchor="start" if x < 0.5 else "end",
                values=[(one.name, _written(one, last, unit)) for one, unit in columns],
                marks=", ".join(words for _, index, words in marked if start <= index < end),
            )
        )
    return readings[::-1]


def _written(series: Series, index: int, unit: Unit) -> str:
    """Return a value, and its interval where there is one."""
    value = write(series.values[index], unit)
    ends = (series.low[index], series.high[index]) if series.low and series.high else (None, None)
    if not all(map(is_known, (series.values[index], *ends))):
        return value
    return f"{value} ({write(ends[0], unit)} to {write(ends[1], unit)})"


def _marked(laid: Plane, marks: Iterable[Mark]) -> list[tuple[float, int, str]]:
    """Return each mark on the plane: how far to the right, the index of its step, and its words.

    A value is that of the step that begins at its time, and stands in the middle of the step's strip.
    """
    found = []
    for mark in marks:
        place = plane.place(mark.at) - (laid.step / 2 if isinstance(mark.at, datetime) else 0)
        if 0 <= laid.x(place) <= 1:
            nearest = min(range(len(laid.places)), key=lambda index: abs(laid.places[index] - place))
            found.append((laid.x(place), nearest, mark.words))
    return found


def _label(x: float, words: str) -> Label:
    """Return words below the plane; near an edge they begin or end there, so that none is cut."""
    return Label(percent(x), "start" if x < EDGE else "end" if x > 1 - EDGE else "middle", words)
