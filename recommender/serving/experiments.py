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
from recommender.models.experiment import INTERLEAVED, SEPARATOR
from recommender.serving import audiences
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
    sides: "tuple[ServedVariant, ServedVariant] | None" = None
    """The two whose rankings are drafted into one list."""
    coins_key: bytes = b""

    def of(self, placement: ServedPlacement) -> ServedPlacement:
        """Return the placement as users of this variant see it."""
        if self.sides:
            first, second = (one.of(placement) for one in self.sides)
            return replace(placement, variant=self.label, sides=(first, second), coins_key=self.coins_key)
        if self.settings:
            own, number = self.settings, self.revision
        else:
            own, number = placement.settings, placement.revision
        if self.algorithm:
            own = replace(own, algorithm=self.algorithm)
        if self.content_weight is not None:
            own = replace(own, content_weight=self.content_weight)
        found = replace(placement, settings=own, revision=number, variant=self.label, release=self.release)
        return replace(found, leads=self.algorithm, instead=placement) if self.algorithm else found


@dataclass(frozen=True)
class ServedExperiment:
    """Hold a running experiment."""

    key: str
    secret: bytes
    allocation: Allocation
    variants: Mapping[str, ServedVariant]
    ends_at: datetime | None
    audience: str = ""
    """An expression over the user; empty for everybody."""
    is_interleaved: bool = False

    def variants_of(self, user_ids: Sequence[str]) -> list[ServedVariant | None]:
        """Return what each of these users sees.

        None for users beyond the shares or outside the audience, and once the planned end has come.
        """
        if self.ends_at and self.ends_at <= timezone.now():
            return [None] * len(user_ids)
        found = [self._dealt(user_id) for user_id in user_ids]
        if not self.audience:
            return found
        asked = [user_id for user_id, seen in zip(user_ids, found, strict=True) if seen]
        within = audiences.members(self.audience, asked) if asked else ()
        return [seen if user_id in within else None for user_id, seen in zip(user_ids, found, strict=True)]

    def variant_of(self, user_id: str) -> ServedVariant | None:
        """Return the same for one user."""
        return self.variants_of([user_id])[0]

    def _dealt(self, user_id: str) -> ServedVariant | None:
        """Return the variant to which the hash deals the user, whoever they are; None for nobody."""
        if not user_id:
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

    Two rankings are drafted into lists of users alone, and not for whoever looks one up: there it is what is live.
    """
    ((seen, _),) = deal_out(placement, request, [user_id])
    return seen.without_variant() if seen.sides else seen


def deal_out(
    placement: ServedPlacement, request: Request, user_ids: Sequence[str]
) -> list[tuple[ServedPlacement, list[int]]]:
    """Return the placements as these users see them, each with the positions of its users.

    A request that says itself what leads its list, by which weight or of which release, is no part of an experiment;
    nor is a preview, whose settings are not published. Scores of two rankings have no common scale for a least score.
    """
    experiment = _copy.current().get(placement.name)
    is_its_own = request.algorithm or request.content_weight is not None or request.release or request.model
    if (
        experiment is None
        or is_its_own
        or not user_ids
        or (experiment.is_interleaved and request.min_score is not None)
    ):
        return [(placement, list(range(len(user_ids))))]
    groups: dict[str, tuple[ServedPlacement, list[int]]] = {}
    for position, found in enumerate(experiment.variants_of(user_ids)):
        label = found.label if found else ""
        if label not in groups:
            groups[label] = (found.of(placement) if found else placement, [])
        groups[label][1].append(position)
    return list(groups.values())


def drafted_by(label: str) -> ServedVariant | None:
    """Return what drafts the lists that were recorded under this label, also of an experiment that has ended."""
    key = label.split(SEPARATOR)[0]
    found = database.ask(lambda: Experiment.objects.prefetch_related("variants").filter(key=key).first())
    return None if found is None else served(found).variants.get(INTERLEAVED)


def forget() -> None:
    """Empty the copy as if the process had just started, for tests."""
    _copy.forget()


def _read() -> Mapping[str, ServedExperiment]:
    return database.ask(_running)


def _running() -> dict[str, ServedExperiment]:
    found = Experiment.objects.filter(state=Experiment.State.RUNNING).prefetch_related("variants")
    return {one.placement: served(one) for one in found}


def served(experiment: Experiment) -> ServedExperiment:
    """Return a stored experiment as it deals its users out, whether or not it runs now."""
    variants = list(experiment.variants.all())
    numbers = [one.revision for one in variants if one.revision]
    rows = PlacementRevision.objects.filter(placement__name=experiment.placement, number__in=numbers)
    revisions = {row.number: ListSettings.stored(row.settings) for row in rows} if numbers else {}
    shown = {one.name: _variant(experiment, one, revisions) for one in variants}
    shares, secret = {one.name: one.share for one in variants}, bytes.fromhex(experiment.secret)
    is_interleaved = experiment.kind == Experiment.Kind.INTERLEAVING
    if is_interleaved:
        first, second = (shown[one.name] for one in variants)
        label = f"{experiment.key}{SEPARATOR}{INTERLEAVED}"
        shown = {INTERLEAVED: ServedVariant(label, sides=(first, second), coins_key=secret)}
        shares = {INTERLEAVED: sum(shares.values())}
    allocation = Allocation().with_shares(shares)
    return ServedExperiment(
        experiment.key, secret, allocation, shown, experiment.ends_at, experiment.audience, is_interleaved
    )


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
