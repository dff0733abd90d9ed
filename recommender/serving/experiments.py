"""Decide which variant of which experiment a user's list is of: by a keyed hash, without a row or a query.

Who a user is, is their id: a visitor who signs in is dealt out by the known user's id from then on, and may see another
variant. Their totals are joined when they are merged; results leave out whoever saw several variants, and say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from recommender.engine.experiments.assignment import Allocation, bucket
from recommender.merchandising import ListSettings
from recommender.models import EXPERIMENTS_GENERATION, Experiment, PlacementRevision, Variant
from recommender.models.experiment import SEPARATOR
from recommender.serving.contract import Request
from recommender.serving.placements import ServedPlacement
from recsite.platform import database
from recsite.platform.reloading import Reloading


@dataclass(frozen=True)
class ServedVariant:
    """Hold what a variant shows instead of what is live."""

    label: str
    """Its experiment and its name, as answers and impressions have them."""
    algorithm: str = ""
    content_weight: float | None = None
    revision: int | None = None
    settings: ListSettings | None = None
    """Those of the revision."""
    release: int = 0

    def of(self, placement: ServedPlacement) -> ServedPlacement:
        """Return the placement as users of this variant see it."""
        if self.settings:
            own, number = self.settings, self.revision
        else:
            own, number = placement.settings, placement.revision
        if self.algorithm:
            own = replace(own, algorithm=self.algorithm)
        if self.content_weight is not None:
            own = replace(own, content_weight=self.content_weight)
        return replace(placement, settings=own, revision=number, variant=self.label, release=self.release)


@dataclass(frozen=True)
class ServedExperiment:
    """Hold a running experiment."""

    key: str
    secret: bytes
    allocation: Allocation
    variants: Mapping[str, ServedVariant]
    ends_at: datetime | None

    def variant_of(self, user_id: str) -> ServedVariant | None:
        """Return what the user sees; None for users beyond the shares, and once the planned end has come."""
        if not user_id or (self.ends_at and self.ends_at <= timezone.now()):
            return None
        name = self.allocation.owner(bucket(self.secret, f"experiment:{self.key}", user_id))
        return self.variants[name] if name else None


def variant_of(placement: str, user_id: str) -> str | None:
    """Return the experiment and variant that the user is in at a placement, as KEY:VARIANT; None for none."""
    experiment = _copy.current().get(placement)
    found = experiment.variant_of(user_id) if experiment else None
    return found.label if found else None


def placement_for(placement: ServedPlacement, request: Request, user_id: str) -> ServedPlacement:
    """Return the placement as this user sees it.

    A request that says itself what leads its list, by which weight or of which release, is no part of an experiment;
    nor is a preview, whose settings are not published.
    """
    experiment = _copy.current().get(placement.name)
    if (
        experiment is None
        or request.algorithm
        or request.content_weight is not None
        or request.release
        or request.model
    ):
        return placement
    found = experiment.variant_of(user_id)
    return found.of(placement) if found else placement


def deal_out(
    placement: ServedPlacement, request: Request, user_ids: Sequence[str]
) -> list[tuple[ServedPlacement, list[int]]]:
    """Return the placements as these users see them, each with the positions of its users."""
    if placement.name not in _copy.current():
        return [(placement, list(range(len(user_ids))))]
    groups: dict[str, tuple[ServedPlacement, list[int]]] = {}
    for position, user_id in enumerate(user_ids):
        seen = placement_for(placement, request, user_id)
        groups.setdefault(seen.variant, (seen, []))[1].append(position)
    return list(groups.values())


def forget() -> None:
    """Empty the copy as if the process had just started, for tests."""
    _copy.forget()


def _read() -> Mapping[str, ServedExperiment]:
    return database.ask(_running)


def _running() -> dict[str, ServedExperiment]:
    found = Experiment.objects.filter(state=Experiment.State.RUNNING).prefetch_related("variants")
    return {one.placement: _served(one) for one in found}


def _served(experiment: Experiment) -> ServedExperiment:
    variants = list(experiment.variants.all())
    allocation = Allocation().with_shares({one.name: one.share for one in variants})
    numbers = [one.revision for one in variants if one.revision]
    rows = PlacementRevision.objects.filter(placement__name=experiment.placement, number__in=numbers)
    revisions = {row.number: ListSettings.stored(row.settings) for row in rows} if numbers else {}
    served = {one.name: _variant(experiment, one, revisions) for one in variants}
    return ServedExperiment(experiment.key, bytes.fromhex(experiment.secret), allocation, served, experiment.ends_at)


def _variant(experiment: Experiment, one: Variant, revisions: Mapping[int, ListSettings]) -> ServedVariant:
    return ServedVariant(
        f"{experiment.key}{SEPARATOR}{one.name}",
        one.algorithm,
        one.content_weight,
        one.revision,
        revisions.get(one.revision or 0),
        one.release or 0,
    )


def _nothing() -> Mapping[str, ServedExperiment]:
    """Run no experiment while the database can't be asked: lists are made without it, too."""
    return {}


_copy = Reloading(EXPERIMENTS_GENERATION, _read, _nothing)
