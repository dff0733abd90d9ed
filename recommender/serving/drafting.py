"""Serve lists into which two rankings are drafted: with what each is made, and by whose coins."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b

import numpy as np

from recommender.engine.experiments.interleaving import NO_TEAM
from recommender.engine.types import Mask
from recommender.serving import failures
from recommender.serving.answers import context_for
from recommender.serving.candidates import ServingContext, UnknownRelease
from recommender.serving.contract import Request
from recommender.serving.leading import is_misled
from recommender.serving.placements import ServedPlacement

logger = logging.getLogger(__name__)
TEAMS: Mapping[int, str] = {0: "1", 1: "2", NO_TEAM: "-"}
"""How impressions name teams."""

SeenIn = tuple[ServedPlacement, ServingContext]


def sides_of(placement: ServedPlacement, request: Request, users: int = 1) -> tuple[ServedPlacement, Sequence[SeenIn]]:
    """Return the placement as it is shown, and its one side with the context, or the two whose rankings are drafted.

    Where the release of one of the two can't be loaded any more, or what leads it has left the live one, users get
    what is live, as no part of an experiment.
    """
    if placement.sides:
        try:
            found = [(side, context_for(side, request)) for side in placement.sides]
        except UnknownRelease as gone:
            logger.warning("Users of %s get what is live: %s", placement.variant, gone.sentence)
        else:
            # A catalogue that was read anew between the two has other rows.
            is_one = found[0][1].catalogue.base is found[1][1].catalogue.base
            if is_one and not any(is_misled(*side) for side in found):
                return placement, found
        failures.note(request, placement, users)
        placement = placement.without_variant()
    one = failures.seen_in_or_noted(request, placement, users)
    return one[0], [one]


def coins_of(placement: ServedPlacement, user_id: str, at: datetime | None = None) -> Mask:
    """Return the coins of a user's draft, each True where the second ranking begins; new ones each day of UTC.

    `at` is a moment of that day: now, unless it is said.

    By a keyed hash, so that the pages of a list fit together, and nobody can tell who picks first.
    """
    text = f"draft:{(at or datetime.now(UTC)).date()}:{user_id}".encode()
    tossed = blake2b(text, key=placement.coins_key, digest_size=blake2b.MAX_DIGEST_SIZE).digest()
    return np.unpackbits(np.frombuffer(tossed, np.uint8)).astype(np.bool_)
