"""Load the live release into this process; its models share their memory-mapped files with other processes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from recommender import registry
from recommender.engine.algorithms import ALGORITHMS
from recommender.engine.feedback import DEFAULT_SCALE
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.types import Model, RatingModel
from recommender.models import Release, ReleaseModel
from recommender.registry import artifacts
from recommender.registry.exceptions import ArtifactDamaged
from recsite.platform import database
from recsite.platform.reloading import Reloading

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """Hold one model of the release."""

    algorithm: str
    version: int
    is_rating_model: bool
    model: Model
    trained_at: datetime
    data_until: datetime | None
    """The time of the newest event it was trained on."""


@dataclass(frozen=True, eq=False)
class LoadedRelease:
    """Hold the release that is served. Where none is live it has no number and no members, and works as well."""

    number: int | None = None
    members: Mapping[str, LoadedModel] = field(default_factory=lambda: MappingProxyType({}))
    leader: LoadedModel | None = None
    """The source that ranks; the others fill what it can't say."""

    @cached_property
    def sources(self) -> Mapping[str, LoadedModel]:
        """Return what can lead a list by itself: the models of the release, and those inside its hybrid.

        One inside has the hybrid's version. A model of the release goes before one of its name inside.
        """
        inner = {
            name: replace(member, algorithm=name, model=model, is_rating_model=False)
            for member in self.members.values()
            if isinstance(member.model, HybridModel)
            for name, model in member.model.sources.items()
        }
        return MappingProxyType({**inner, **self.members})

    @property
    def rating_model(self) -> LoadedModel | None:
        return next((member for member in self.members.values() if member.is_rating_model), None)

    @cached_property
    def rating_models(self) -> Sequence[tuple[LoadedModel, RatingModel]]:
        """List the models that predict ratings, the rating model first; each fills the gaps of those before."""
        members = sorted(self.members.values(), key=lambda member: not member.is_rating_model)
        return [(member, member.model) for member in members if isinstance(member.model, RatingModel)]

    @cached_property
    def scale(self) -> tuple[float, float]:
        """Return the scale of predicted ratings."""
        model = self.rating_model.model if self.rating_model else None
        return (model.scale_min, model.scale_max) if isinstance(model, RatingModel) else DEFAULT_SCALE


def live() -> LoadedRelease:
    """Return the live release, at most two seconds behind a promotion, a rollback or a reload.

    A release that can't be loaded leaves the one before in service; `fault` says why.
    """
    return _copy.current()


def fault() -> str:
    """Say in one sentence why the live release could not be loaded; empty where it was."""
    return _copy.fault


def forget() -> None:
    """Start again with nothing loaded, for tests."""
    _copy.forget()


def _load() -> LoadedRelease:
    release = database.ask(_live_with_members)
    if release is None:
        return LoadedRelease()
    loaded = assemble(release, [load_member(row) for row in release.members.all()])
    logger.info("%s is loaded: %s.", release, ", ".join(loaded.members))
    return loaded


def _load_what_is_whole() -> LoadedRelease:
    """Load the members that can be read, for a process that has no earlier release to fall back on."""
    members = []
    try:
        release = database.ask(_live_with_members)
    except database.DatabaseDown:
        release = None
    for row in release.members.all() if release else []:
        try:
            members.append(load_member(row))
        except Exception as damage:
            logger.error("%s is served without %s: %s", release, row.algorithm, damage)
    return assemble(release, members) if release else LoadedRelease()


def _live_with_members() -> Release | None:
    return Release.objects.filter(state=Release.State.LIVE).prefetch_related("members__version").first()


def assemble(release: Release, members: list[LoadedModel]) -> LoadedRelease:
    """Join loaded models to a release; what has the largest weight leads."""
    by_name = {member.algorithm: member for member in members}
    weights = {name: release.weights.get(name, float(member.is_rating_model)) for name, member in by_name.items()}
    leading = max(weights, key=weights.__getitem__, default="")
    return LoadedRelease(release.pk, MappingProxyType(by_name), by_name[leading] if weights.get(leading) else None)


def load_member(row: ReleaseModel) -> LoadedModel:
    """Load one model of a release, memory-mapped. Raises ArtifactDamaged, with a sentence."""
    version = row.version
    if row.algorithm not in ALGORITHMS:
        raise ArtifactDamaged(f"{version} is of an algorithm that is not known here. Roll back, or train another.")
    return LoadedModel(
        algorithm=row.algorithm,
        version=version.pk,
        is_rating_model=row.role == ReleaseModel.Role.RATING,
        model=artifacts.load(version.artifact, version.checksum).model,
        trained_at=version.created_at,
        data_until=version.data_until,
    )


_copy = Reloading(registry.GENERATION, _load, _load_what_is_whole)
