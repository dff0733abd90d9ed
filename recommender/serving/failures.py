"""Count by variant of an experiment what users did not get: an answer at all, or that of their variant."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from recommender.insight import impressions
from recommender.serving.answers import seen_in
from recommender.serving.candidates import ServingContext
from recommender.serving.contract import Request
from recommender.serving.placements import ServedPlacement
from recsite.platform import lookups
from recsite.platform.exceptions import Invalid


@contextmanager
def noted(request: Request, placement: ServedPlacement, users: int = 1) -> Iterator[None]:
    """Count it if the block fails by other than what the request says."""
    if not placement.variant:
        yield
        return
    with ExitStack() as stack:
        stack.push(lambda kind, _error, _trace: _note_if_ours(kind, request, placement, users))
        yield


def seen_in_or_noted(
    request: Request, placement: ServedPlacement, users: int = 1
) -> tuple[ServedPlacement, ServingContext]:
    """Return what `seen_in` does, and count it if users get what is live instead of their variant."""
    seen, context = seen_in(placement, request)
    if seen.variant != placement.variant:
        note(request, placement, users)
    return seen, context


def _note_if_ours(kind: type[BaseException] | None, request: Request, placement: ServedPlacement, users: int) -> bool:
    if kind is not None and not issubclass(kind, Invalid):
        note(request, placement, users)
    return False


def note(request: Request, placement: ServedPlacement, users: int) -> None:
    """Count that so many users did not get what their variant shows."""
    if request.is_recorded and not lookups.is_by_staff():
        for _ in range(users):
            impressions.note_failure(placement.variant)
