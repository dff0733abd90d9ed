"""Say which source leads a list: what is asked for, or what stands in for it."""

from collections.abc import Sequence

from recommender.merchandising import ListSettings
from recommender.serving.candidates import IMPERSONAL, LATEST, POPULAR, TRENDING, ServingContext, UserCandidates
from recommender.serving.contract import Request, UnknownAlgorithm
from recommender.serving.placements import ServedPlacement


def asked_to_lead(context: ServingContext, request: Request, own: ListSettings) -> str:
    """Return the source that is to lead the list: the request's, else the placement's. Raises UnknownAlgorithm.

    What the placement names may have left the release since: what the release leads with takes its place.
    """
    name, known = request.algorithm, {*context.release.sources, LATEST, TRENDING}
    if name:
        if name not in known:
            raise UnknownAlgorithm(name, known, request.release)
        return name
    if own.algorithm in known:
        return own.algorithm
    return context.release.leader.algorithm if context.release.leader else for_everybody(context, own.fallbacks)


def is_misled(placement: ServedPlacement, context: ServingContext) -> bool:
    """Tell if what the variant of an experiment leads with has left the release since it was started."""
    return bool(placement.leads) and placement.leads not in {*context.release.sources, LATEST, TRENDING}


def leads_to(context: ServingContext, asked: str, known: UserCandidates, own: ListSettings) -> str:
    """Return the source that leads the list of a user: what is asked for, if it knows them."""
    if known.candidates.is_personal or asked in IMPERSONAL:
        return asked
    return for_everybody(context, own.fallbacks)


def for_everybody(context: ServingContext, fallbacks: Sequence[str]) -> str:
    """Return the source that leads the list of a user of whom nothing is known."""
    usual = POPULAR if POPULAR in context.release.members else LATEST
    return next((name for name in fallbacks if name != POPULAR or usual == POPULAR), usual)
