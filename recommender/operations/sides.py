"""One of two that are compared: a release or a model, with what leads its lists and what predicts its ratings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from recommender.engine.evaluation.comparison import LISTS, RATINGS
from recommender.models import ModelVersion, Release, ReleaseModel
from recommender.serving import Request
from recommender.serving.candidates import POPULAR, UnknownRelease

RELEASE, MODEL = "release", "model"
KINDS = (RELEASE, MODEL)
NOT_REFUSABLE = (Release.State.LIVE, Release.State.ARCHIVED)
"""States in which what the quality gate once said counts no more."""


@dataclass(frozen=True, slots=True)
class Side:
    """Hold one of the two that are compared."""

    kind: str
    number: int
    title: str
    state: str
    versions: Mapping[str, ModelVersion]
    """By algorithm."""
    weights: Mapping[str, float]
    leader: ModelVersion | None
    """What ranks; where no model has a weight, all users get what is popular."""

    rater: ModelVersion | None
    replaced: int | None = None
    """The release that was live before it."""

    @classmethod
    def of(cls, kind: str, number: int) -> Self:
        """Read a release or a model. Raises UnknownRelease."""
        return cls._of_release(number) if kind == RELEASE else cls._of_version(number)

    @classmethod
    def _of_release(cls, number: int) -> Self:
        found = Release.objects.filter(pk=number).prefetch_related("members__version").first()
        if found is None:
            raise UnknownRelease(f"There is no release {number}.")
        return cls.of_release(found)

    @classmethod
    def of_release(cls, found: Release) -> Self:
        """Return the side of a release whose members and their versions were read with it."""
        members = list(found.members.all())
        versions = {one.algorithm: one.version for one in sorted(members, key=lambda one: one.algorithm)}
        rater = next((one.version for one in members if one.role == ReleaseModel.Role.RATING), None)
        weights = {name: found.weights.get(name, 0.0) for name in versions}
        name = max(weights, key=weights.__getitem__, default="")
        leader = versions[name] if weights.get(name) else rater or versions.get(POPULAR)
        return cls(RELEASE, found.pk, str(found), found.state, versions, weights, leader, rater, found.replaced_id)

    @classmethod
    def _of_version(cls, number: int) -> Self:
        found = ModelVersion.objects.filter(pk=number).first()
        if found is None:
            raise UnknownRelease(f"There is no model {number}.", MODEL)
        return cls(MODEL, number, str(found), found.state, {found.algorithm: found}, {}, found, found)

    @property
    def figures(self) -> dict[str, Mapping[str, Any]]:
        """Return the evaluations of what leads its lists and of what predicts its ratings."""
        return {LISTS: _metrics(self.leader), RATINGS: _metrics(self.rater)}

    @property
    def standing(self) -> str:
        """Return its state, as the timeline names it."""
        is_refused = self.state not in NOT_REFUSABLE and any(one.is_refused for one in self.versions.values())
        return f"{self.state}, refused" if is_refused else self.state

    @property
    def settings(self) -> dict[str, Any]:
        """Return everything that staff chose: settings and versions by algorithm, and weights."""
        chosen: dict[str, Any] = {name: version.settings for name, version in self.versions.items()}
        return {**chosen, "weight": self.weights} if self.weights else chosen

    def request(self, **rest: Any) -> Request:
        """Return a request for the lists that it makes."""
        named: dict[str, Any] = {self.kind: self.number, **rest}
        return Request(**named, is_shown=False)


def _metrics(version: ModelVersion | None) -> Mapping[str, Any]:
    return version.metrics if version else {}
