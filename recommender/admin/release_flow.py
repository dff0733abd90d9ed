"""Compute the diagram of what a release serves: a column for how much is known of a user, a piece for each source."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.engine.forms.hybrid import BUCKETS
from recommender.operations.flow import LEAST, Flow
from recommender.serving.candidates import LATEST, POPULAR
from recsite.platform.plane import percent
from recsite.platform.units import Unit, write

GAP = 0.1
"""The share of its strip that a column leaves free, at each side."""

LOWEST_LABELLED = 0.12
"""A piece that is lower has no room for a number."""

STYLES = 5
BEHIND = "behind"
NAMES = ("nothing", "1 item", "2–4", "5–19", "20+")
"""How much is known of a user, as the columns say it; in the order of BUCKETS."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold the part of a column that is one source's."""

    x: str
    y: str
    width: str
    height: str
    style: str
    hint: str
    words: str
    """Its weight, where there is room for it."""

    middle: str
    centre: str


@dataclass(frozen=True, slots=True)
class Key:
    """Hold a source's line of the legend, which is the table of all weights as well."""

    name: str
    label: str
    style: str
    weights: Sequence[str]


@dataclass(frozen=True, slots=True)
class Diagram:
    """Hold the columns, what stands below each, and the legend."""

    pieces: Sequence[Piece]
    columns: Sequence[tuple[str, str]]
    keys: Sequence[Key]


def draw(found: Flow) -> Diagram:
    """Return the diagram of the sources of a release; popularity has the grey that it has in every chart."""
    styles, number = {}, 0
    for source in found.sources:
        if source.name in (POPULAR, LATEST):
            styles[source.name] = BEHIND
            continue
        number += 1
        styles[source.name] = str((number - 1) % STYLES + 1)
    strip = 1 / len(BUCKETS)
    pieces = []
    for place in range(len(BUCKETS)):
        whole = sum(source.weights[place] for source in found.sources) or 1.0
        top = 0.0
        for source in found.sources:
            share = source.weights[place] / whole
            if share >= LEAST:
                pieces.append(_piece(place, strip, top, share, source.name, styles[source.name]))
                top += share
    columns = [(percent((place + 0.5) * strip), name) for place, name in enumerate(NAMES)]
    keys = [
        Key(one.name, one.label, styles[one.name], [_share(weight) for weight in one.weights]) for one in found.sources
    ]
    return Diagram(pieces, columns, keys)


def _piece(place: int, strip: float, top: float, share: float, name: str, style: str) -> Piece:
    words = _share(share)
    return Piece(
        x=percent((place + GAP) * strip),
        y=percent(top),
        width=percent((1 - 2 * GAP) * strip),
        height=percent(share),
        style=style,
        hint=f"{name}: {words} of the score where {NAMES[place]} is known",
        words=words if share >= LOWEST_LABELLED else "",
        middle=percent(top + share / 2),
        centre=percent((place + 0.5) * strip),
    )


def _share(weight: float) -> str:
    return write(round(weight, 2), Unit.SHARE, 2)
