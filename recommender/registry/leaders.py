"""Say what can lead lists of a release, from its rows and artifacts: for processes that serve nothing."""

from dataclasses import dataclass

from recommender.engine.forms.hybrid import HybridModel
from recommender.models import ModelVersion, Release, ReleaseModel
from recommender.registry import artifacts
from recommender.registry.exceptions import ArtifactDamaged

CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Leaders:
    """Hold what can lead a release's lists."""

    names: tuple[str, ...] = ()
    """Its models, and those inside its hybrid."""
    first: str = ""
    """What leads where nobody says otherwise; empty for nothing."""
    has_content: bool = False
    """Whether that is a hybrid in which content has a weight."""


def leaders_of(release: Release | None) -> Leaders:
    """Return what can lead a release's lists. A model whose files can't be read leads nothing."""
    members = list(release.members.select_related("version")) if release else []
    names: dict[str, bool] = {}
    weights: dict[str, float] = {}
    for row in members:
        inner = _inner(row.version)
        names |= {row.algorithm: CONTENT in inner, **{name: False for name in inner if name not in names}}
        is_rating = float(row.role == ReleaseModel.Role.RATING)
        weights[row.algorithm] = release.weights.get(row.algorithm, is_rating) if release else 0.0
    first = max(weights, key=weights.__getitem__, default="")
    leads = bool(weights.get(first))
    return Leaders(tuple(sorted(names)), first if leads else "", leads and names[first])


def _inner(version: ModelVersion) -> tuple[str, ...]:
    """Return the names of what is inside a hybrid; none of another model."""
    if version.algorithm != "hybrid":
        return ()
    try:
        model = artifacts.load(version.artifact, version.checksum).model
    except ArtifactDamaged:
        return ()
    return tuple(model.sources) if isinstance(model, HybridModel) else ()
