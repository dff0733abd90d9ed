"""Gather what a release serves, from events to the list: sources with their weights, rules, and what comes last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from recommender.engine.algorithms import ALGORITHMS
from recommender.engine.forms.hybrid import BUCKETS
from recommender.merchandising import ListSettings
from recommender.merchandising.settings import HYBRID
from recommender.models import ModelVersion, Placement, Release, ReleaseModel
from recommender.operations.release_words import FILLS, roles
from recommender.operations.sides import Side
from recommender.registry import artifacts
from recommender.registry.exceptions import ArtifactDamaged
from recommender.serving.candidates import LATEST, POPULAR
from recsite.platform.humanize import pluralize
from recsite.platform.units import Unit, write

LEAST = 0.005
"""A weight below is none."""

KINDS = (Placement.Kind.ANY, Placement.Kind.USER)
"""Placements whose lists a release leads for users."""

MOST_PLACEMENTS = 6


@dataclass(frozen=True, slots=True)
class Source:
    """Hold one source and its weight in each of BUCKETS: how many items a user's history holds."""

    name: str
    label: str
    weights: Sequence[float]


@dataclass(frozen=True, slots=True)
class Flow:
    """Hold what is served, in the order in which a list is made."""

    learned_from: str
    leader: ModelVersion | None
    sources: Sequence[Source]
    missing: str
    """Why the weights can't be told; empty where they can."""

    placements: Sequence[tuple[str, Sequence[str]]]
    """By placement: what changes the order there, in words."""

    more_placements: int
    fills: Sequence[str]
    rates: str
    """The model that predicts ratings."""


def flow(release: Release) -> Flow:
    """Return what a release serves; its members and their versions were read with it."""
    side = Side.of_release(release)
    does = roles(release)
    leading = next((name for name, role in does.items() if role != FILLS), "")
    leader = side.versions.get(leading)
    missing = ""
    weights: Mapping[str, Sequence[float]] = {}
    try:
        weights = _for_newcomers(side, _weights(leader) if leader else {})
    except ArtifactDamaged as damage:
        missing = str(damage)
    placements = list(Placement.objects.select_related("live").filter(kind__in=KINDS).order_by("name"))
    rater = next((one.version for one in release.members.all() if one.role == ReleaseModel.Role.RATING), None)
    return Flow(
        _learned_from(leader),
        leader,
        [Source(name, _label(name), row) for name, row in weights.items()],
        missing,
        [(one.name, list(_shaping(one))) for one in placements[:MOST_PLACEMENTS]],
        max(len(placements) - MOST_PLACEMENTS, 0),
        [str(side.versions[name]) for name in does if name != leading],
        str(rater) if rater else "",
    )


def _learned_from(version: ModelVersion | None) -> str:
    if version is None or version.n_events is None:
        return "Nothing is known of the events that it was trained on."
    counts = (version.n_events, "event"), (version.n_users or 0, "user"), (version.n_items or 0, "item")
    events, users, items = (pluralize(number, noun) for number, noun in counts)
    until = f", until {version.data_until:%Y-%m-%d %H:%M} UTC" if version.data_until else ""
    return f"{events} of {users} on {items}{until}."


def _weights(version: ModelVersion) -> Mapping[str, Sequence[float]]:
    """Return the weights of the sources by bucket. A model that is no hybrid is its own only source."""
    if version.algorithm != HYBRID:
        return {version.algorithm: [1.0] * len(BUCKETS)}
    return _of_hybrid(version.artifact, version.checksum)


@lru_cache(64)
def _of_hybrid(folder: str, checksum: str) -> Mapping[str, Sequence[float]]:
    """Read the weights alone; a stored model never changes."""
    found = artifacts.peek(folder, checksum, "names", "weights")
    names, table = found["names"].tolist(), found["weights"].tolist()
    return {name: [row[place] for row in table] for place, name in enumerate(names)}


def _for_newcomers(side: Side, weights: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """Return the weights as they are served: who has done nothing gets what everybody gets, whatever was learned."""
    everybody = POPULAR if POPULAR in side.versions else LATEST
    found = {name: [0.0, *row[1:]] for name, row in weights.items() if max(row[1:], default=0) >= LEAST}
    if not found:
        return {everybody: [1.0] * len(BUCKETS)}
    found.setdefault(everybody, [0.0] * len(BUCKETS))[0] = 1.0
    return dict(sorted(found.items(), key=lambda one: (one[0] in (POPULAR, LATEST), -max(one[1][1:]))))


def _label(name: str) -> str:
    return ALGORITHMS[name].label if name in ALGORITHMS else "The newest items."


def _shaping(placement: Placement) -> Iterator[str]:
    """Yield what changes the order of lists there, in words; nothing where lists are as the release makes them."""
    own = ListSettings.stored(placement.live.settings) if placement.live else ListSettings()
    if own.algorithm:
        yield f"led by {own.algorithm}"
    if own.content_weight is not None:
        yield f"content weighs {write(own.content_weight, Unit.SHARE)}"
    if own.rules:
        yield pluralize(len(own.rules), "rule")
    if own.filter:
        yield "a filter"
    if own.new_item_share:
        yield f"{write(own.new_item_share, Unit.SHARE)} for new items"
    if own.randomised_share:
        yield f"{write(own.randomised_share, Unit.SHARE)} drawn at random"
    if own.diversity:
        yield f"diversity {own.diversity:g}"
    if own.max_per_category:
        yield f"at most {own.max_per_category} of a category"
    if own.fallbacks:
        yield f"followed by {', then '.join(own.fallbacks)}"
