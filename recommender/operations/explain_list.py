"""Go back to a list that was shown: by what, its items then and now; and make it again with what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from recommender.models import ListImpression, ListKind, ModelVersion, Placement, Release
from recommender.operations.items_then import ItemThen, items_then, notes
from recommender.operations.list_again import UNRECORDED, Again, make_again
from recommender.operations.lists_then import placement_then
from recommender.serving import asked
from recsite.platform.exceptions import UserFacingError

NAMES: Mapping[str, str] = {
    ListKind.USER: "a list for a user",
    ListKind.EVERYBODY: "a list for everybody",
    ListKind.SESSION: "a list for a session",
    ListKind.SIMILAR: "a list of similar items",
    ListKind.BOUGHT_TOGETHER: "a list of items bought together",
}


class UnknownList(UserFacingError):
    """Report that no list of this id is kept."""


@dataclass(frozen=True, slots=True)
class ExplainedList:
    """Hold a list that was shown, and what it is today."""

    shown: ListImpression
    release: Release | None
    version: ModelVersion | None
    placement: Placement | None
    weights: str = ""
    asked: str = ""
    items: Sequence[ItemThen] = ()
    notes: Sequence[str] = ()
    """What has changed since that shapes such a list, as sentences."""
    again: Again = field(default_factory=lambda: Again(None, ""))

    @property
    def led_by(self) -> str:
        """Name the model that led the list; of one inside a hybrid, both."""
        if self.version is None:
            return self.shown.algorithm
        is_its_own = self.version.algorithm == self.shown.algorithm
        return str(self.version) if is_its_own else f"{self.shown.algorithm} in {self.version}"


def explain_list(recommendation_id: UUID) -> ExplainedList:
    """Return everything that is kept of a list, and the list that is made again. Raises UnknownList, DatabaseDown."""
    shown = ListImpression.objects.filter(recommendation_id=recommendation_id).order_by("-served_at").first()
    if shown is None:
        raise UnknownList(
            f"No list {recommendation_id} is kept: it was never shown, or is older than IMPRESSION_RETENTION_MONTHS "
            f"({settings.IMPRESSION_RETENTION_MONTHS})."
        )
    release = Release.objects.filter(pk=shown.release or 0).first()
    placement = Placement.objects.filter(name=shown.placement).first()
    return ExplainedList(
        shown,
        release,
        ModelVersion.objects.filter(pk=shown.version or 0).first(),
        placement,
        weights_in_words(shown),
        asked_in_words(shown),
        items_then(shown),
        notes(shown, placement),
        make_again(shown),
    )


def asked_in_words(shown: ListImpression) -> str:
    """Say what the request of a list asked beside its placement."""
    if shown.asked is None:
        return UNRECORDED
    return f"Asked beside the placement: {asked.in_words(shown.asked) or 'nothing'}."


def weights_in_words(shown: ListImpression) -> str:
    """Say how the release blends its sources, and what the placement's revision of then weighs content with."""
    release = Release.objects.filter(pk=shown.release or 0).first()
    parts = [f"{name} {weight:g}" for name, weight in sorted(release.weights.items())] if release else []
    own = placement_then(shown).settings.content_weight
    return ", ".join(parts + ([f"content {own:g} by the placement's revision"] if own is not None else []))
