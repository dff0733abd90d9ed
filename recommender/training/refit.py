"""Refit what is live with what it has learned: the hourly training, between two that learn everything anew."""

import logging
from typing import Any

from recommender import registry
from recommender.engine.algorithms import settings_of
from recommender.engine.algorithms.hybrid import Hybrid
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.types import Algorithm
from recommender.models import ModelVersion, ReleaseModel
from recommender.registry import artifacts
from recommender.registry.exceptions import ArtifactDamaged

logger = logging.getLogger(__name__)

WEIGHTS_OF = "weights_of"
"""The metric of a refit that names the version whose weights it has."""

DAILY = frozenset({"bpmf"})
"""Rating models that take as long as all the rest together: new ratings are folded into them until the next day."""


def hourly() -> list[str]:
    """Return the algorithms that the hourly training fits: what leads, what rates, and what fills short lists.

    Empty where nothing is live. Models of the release that only fill the gaps of others wait for the daily training.
    """
    live = registry.live_release()
    if live is None:
        return []
    members = dict(live.members.values_list("algorithm", "role"))
    weights = {name: weight for name, weight in live.weights.items() if name in members and weight > 0}
    leader = max(weights, key=weights.__getitem__, default="")
    rating = [name for name, role in members.items() if role == ReleaseModel.Role.RATING and name not in DAILY]
    return list(dict.fromkeys([*filter(None, [leader]), *rating, "popular"]))


def of_live(name: str, algorithm: Algorithm) -> tuple[Algorithm, dict[str, Any]]:
    """Return what fits the live version's model anew with all that it has learned, and the metric that says so.

    The algorithm itself, and nothing, where there is nothing to keep: it learns nothing but its parameters, its
    settings are others than the live version's, or none is live.
    """
    live = _live_version(name)
    if not isinstance(algorithm, Hybrid) or live is None or live.settings != settings_of(algorithm):
        return algorithm, {}
    try:
        model = artifacts.load(live.artifact, live.checksum).model
    except (ArtifactDamaged, OSError) as damage:
        logger.warning("%s can't be read, so its weights are learned anew: %s", live, damage)
        return algorithm, {}
    if not isinstance(model, HybridModel):
        return algorithm, {}
    return algorithm.refit_of(model), {WEIGHTS_OF: live.metrics.get(WEIGHTS_OF, live.pk)}


def _live_version(name: str) -> ModelVersion | None:
    live = registry.live_release()
    return live.versions.filter(algorithm=name).first() if live else None
