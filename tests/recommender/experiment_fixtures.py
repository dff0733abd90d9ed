"""Experiments for tests."""

from typing import Any

from recommender.insight.experiments import verbs
from recommender.models import Experiment
from recsite.platform import generations
from recsite.platform.audit import SYSTEM


def defined(shares: tuple[float, float] = (0.5, 0.5), **rest: Any) -> dict[str, Any]:
    """What a client sends: popular items against what is live."""
    return {
        "key": "leads",
        "hypothesis": "Popular items are clicked more often.",
        "placement": "default",
        "variants": [{"name": "A", "share": shares[0]}, {"name": "B", "share": shares[1], "algorithm": "popular"}],
        **rest,
    }


def begin(**rest: Any) -> Experiment:
    """An experiment that runs, as this process knows."""
    made = verbs.start(verbs.create(defined(**rest), actor=SYSTEM), actor=SYSTEM)
    generations.look()
    return made
