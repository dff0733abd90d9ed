"""Count what users did not get: an answer at all, or, in an experiment, that of their variant."""

from collections.abc import Iterator
from contextlib import contextmanager

from recommender.insight import impressions
from recommender.serving.answers import seen_in
from recommender.serving.candidates import ServingContext
from recommender.serving.contract import Request
from recommender.serving.placements import ServedPlacement
from recsite.platform import lookups
from recsite.platform.exceptions import Invalid
from recsite.platform.series import noting


@contextmanager
def noted(request: Request, placement: ServedPlacement, users: int = 1) -> Iterator[None]:
    """Count it if the block fails by other than what the request says."""
    try:
        yield
    except Invalid:
        raise
    except BaseException:
        note(request, placement, users)
        if request.is_recorded and not lookups.is_by_staff():
            noting.failed_answers(placement.name, request.algorithm or "", users)
        raise


def seen_in_or_noted(
    request: Request, placement: ServedPlacement, users: int = 1
) -> tuple[ServedPlacement, ServingContext]:
    """Return what `seen_in` does, and count it if users get what is live instead of their variant."""
    seen, context = seen_in(placement, request)
    if seen.variant != placement.variant:
        note(request, placement, users)
    return seen, context


def note(request: Request, placement: ServedPlacement, users: int) -> None:
    """Count that so many users did not get what their variant shows."""
    if placement.variant and request.is_recorded and not lookups.is_by_staff():
        for _ in range(users):
            impressions.note_failure(placement.variant)
