"""Small fitted models, and versions of them, for tests of what becomes of models."""

from typing import Any

import numpy as np

from recommender import registry
from recommender.engine.forms.factors import FactorModel
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import IdMap, Model
from recommender.models import ModelVersion


def ids(*numbers: int) -> IdMap:
    return IdMap.of(np.array(numbers, np.int64))


def factor_model(people: IdMap, items: IdMap, seed: int = 1, factors: int = 3) -> FactorModel:
    """A model of random factors."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return FactorModel(
        user_ids=people,
        item_ids=items,
        mean=3.5,
        scale_min=1.0,
        scale_max=5.0,
        reg=0.02,
        user_bias=draw(len(people)),
        item_bias=draw(len(items)),
        user_factors=draw(len(people), factors),
        item_factors=draw(len(items), factors),
    )


def popular_model(items: IdMap, seed: int = 1) -> ImpersonalModel:
    return ImpersonalModel(items, np.random.default_rng(seed).random(len(items)).astype(np.float32))


def ready(algorithm: str = "popular", model: Model | None = None, **facts: Any) -> ModelVersion:
    """A ready version with its artifact; of a small model, unless one is given."""
    items = ids(1, 2, 3)
    small = factor_model(ids(1, 2), items) if algorithm == "svd" else popular_model(items)
    version = registry.start_version(algorithm, {}, seed=42)
    return registry.finish_version(version, model or small, **facts)
