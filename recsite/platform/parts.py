"""Compute what the small parts of the console's pages show: tiles, cards, badges and bars of shares.

The templates that draw them are in `templates/admin/parts/`; `/admin/styleguide/` shows them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from recsite.platform.charts import spark
from recsite.platform.plane import Values, dots, is_known, percent
from recsite.platform.units import DIGITS, SPACE, Unit, significant, write

STEADY = 0.005
"""A change below is none."""


class State(StrEnum):
    """Say how something is: the only things that are green, amber or red."""

    NONE = ""
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Tile:
    """Hold one measure: its value, its change, its course. Without a value, `empty` says why."""

    name: str
    value: str
    change: str
    state: State
    runs: Sequence[str]
    dots: Sequence[str]
    note: str
    empty: str
    link: str


def tile(
    name: str,
    value: float | None,
    *,
    unit: Unit = Unit.COUNT,
    before: float | None = None,
    period: str = "the period before",
    values: Values = (),
    is_more_better: bool | None = None,
    note: str = "",
    empty: str = "",
    link: str = "",
    digits: int = DIGITS,
) -> Tile:
    """Return a tile of a value and its course; `before` is what it was in the period that `period` names.

    `is_more_better` colours the change; leave it None where more is neither, or where chance may have made it.
    """
    if not is_known(value):
        # What is said beside a value means nothing without it.
        return Tile(name, "", "", State.NONE, (), (), "", empty or "nothing was measured.", link)
    words, grown = _change(value, before, period)
    state = State.NONE
    if is_more_better is not None and abs(grown) >= STEADY:
        state = State.GOOD if (grown > 0) == is_more_better else State.BAD
    runs = spark(values)
    return Tile(name, write(value, unit, digits), words, state, runs, dots(runs), note, "", link)


def _change(value: float, before: float | None, period: str) -> tuple[str, float]:
    """Return a change in words, and as a share of what was before."""
    if not is_known(before):
        return "", 0.0
    if not before:
        return (f"none in {period}", 0.0) if value else (f"as in {period}", 0.0)
    grown = (value - before) / abs(before)
    if abs(grown) < STEADY:
        return f"as in {period}", 0.0
    if grown >= 2:
        return f"{significant(value / before, 2)} times {period}", grown
    return f"{significant(100 * grown, 2, sign='+')}{SPACE}% against {period}", grown


@dataclass(frozen=True, slots=True)
class Badge:
    """Hold one or two words on something, with a longer explanation on hover."""

    words: str
    state: State = State.NONE
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """Hold a piece of a bar."""

    name: str
    x: str
    width: str
    written: str
    style: str


@dataclass(frozen=True, slots=True)
class Card:
    """Hold an item as it stands in a list: cover, title, badges, one sentence, and what it comes from."""

    title: str
    link: str = ""
    cover: str = ""
    rank: int | None = None
    sentence: str = ""
    badges: Sequence[Badge] = ()
    shares: Sequence[Share] = ()
    is_moved: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """Hold why there is nothing, and what to do about it."""

    sentence: str
    step: str = ""
    link: str = ""


def shares(parts: Mapping[str, float | None]) -> list[Share]:
    """Return the pieces of a bar that is as long as all parts together; what is nothing or can't be said has none.

    A part keeps its colour where others are nothing: give the same names in the same order.
    """
    known = {name: value for name, value in parts.items() if is_known(value) and value > 0}
    whole, start, found = sum(known.values()), 0.0, []
    for number, name in enumerate(parts):
        if name in known:
            part = known[name] / whole
            written = write(round(part, 2), Unit.SHARE) if part >= STEADY else f"under 1{SPACE}%"
            found.append(Share(name, percent(start), percent(part), written, str(number % 5 + 1)))
            start += part
    return found


def bar(share: float | None) -> str:
    """Return the width of a bar that shows a share of one; nothing where it can't be said."""
    return percent(min(max(share, 0.0), 1.0)) if is_known(share) else ""
