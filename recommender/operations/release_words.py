"""Say in words how good a release is, and what each of its models does."""

from collections.abc import Mapping
from functools import lru_cache

from recommender.models import Release, ReleaseModel
from recommender.operations import same_events
from recommender.operations.same_events import NDCG
from recommender.operations.sides import RELEASE, Side
from recommender.serving.candidates import POPULAR, UnknownRelease
from recsite.platform.units import significant

LEAST = 0.05
"""A ratio nearer to 1 is "as good as"."""

NOT_MEASURED = "How good it is was not measured: there were no held-out events."
RANKS = ("leads", "second", "third")
FILLS = "fills gaps"


class _NotMeasured(Exception):
    """Nothing was measured of a release yet, which isn't kept: it may be, later."""


def how_good(number: int, before: int | None) -> str:
    """Say how good the lists of a release are."""
    try:
        return _measured(number, before)
    except _NotMeasured:
        return NOT_MEASURED


@lru_cache(16)
def _measured(number: int, before: int | None) -> str:
    """Read what was measured of a release, which never changes. Raises _NotMeasured."""
    try:
        other = Side.of(RELEASE, before) if before else None
    except UnknownRelease:
        other = None
    said = how_good_beside(Side.of(RELEASE, number), other, is_first=before is None)
    if said == NOT_MEASURED:
        raise _NotMeasured
    return said


def how_good_beside(own: Side, before: Side | None, *, is_first: bool = False) -> str:
    """Say how good its lists are beside popularity, and beside the release before."""
    measured = own.leader.metrics if own.leader else {}
    ndcg = (measured.get("metrics") or {}).get("ndcg_at_10")
    popular = ((measured.get("beside") or {}).get("popular") or {}).get("ndcg_at_10")
    if ndcg is None:
        return NOT_MEASURED
    said = f"nDCG@10 {significant(ndcg)}"
    if own.leader and own.leader.algorithm == POPULAR:
        said = f"Its lists are what is popular ({said})"
    if popular:
        ratio = ndcg / popular
        as_good = "as good as" if abs(ratio - 1) < LEAST else f"{significant(ratio, 2)} times as good as"
        said = f"Its lists are {as_good} popularity ({said} beside {significant(popular)})"
    first = ", and it is the first one" if is_first else ""
    return f"{said}{_beside(own, before) if before else first}."


def roles(release: Release) -> Mapping[str, str]:
    """Say by algorithm what it does in the lists: one leads, the next is second, what has no weight fills gaps.

    Weights only order the models: the largest one ranks, and what it can't say is filled by the others. Where none has
    a weight, all users get what is popular.
    """
    weights = {
        one.algorithm: release.weights.get(one.algorithm, float(one.role == ReleaseModel.Role.RATING))
        for one in release.members.all()
    }
    ordered = sorted(weights, key=lambda name: (-weights[name], name))
    ranked = [name for name in ordered if weights[name]]
    if not ranked and POPULAR in weights:
        ranked = [POPULAR]
    found = {name: RANKS[min(place, len(RANKS) - 1)] for place, name in enumerate(ranked)}
    return {name: found.get(name, FILLS) for name in ordered}


def _beside(own: Side, before: Side) -> str:
    found = same_events.compare(NDCG, before, own)
    one = found.difference
    if one is None or one.difference is None:
        ratio = same_events.times_popularity(before)
        times = f": {significant(ratio, 2)} times as good as popularity" if ratio else ""
        if found.is_same_recipe:
            own_events = f", by which it is{times[1:]}" if times else ""
            return f"; release {before.number} has the same settings and learned from earlier events{own_events}"
        return f"; those of release {before.number} were judged by other events{times}"
    if one.better:
        return f", and {'better' if one.better == 'b' else 'worse'} than those of release {before.number}"
    return f", and the same as those of release {before.number} within the noise"
