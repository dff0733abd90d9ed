"""Find algorithms by name; nothing heavy is imported before it is asked for."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from recommender.engine.lookup import find
from recommender.engine.types import Algorithm

ALGORITHMS: Mapping[str, str] = {
    "svd": "recommender.engine.algorithms.svd.SVD",
    "als": "recommender.engine.algorithms.als.ALS",
    "baseline": "recommender.engine.algorithms.baseline.Baseline",
    "bpmf": "recommender.engine.algorithms.bpmf.BPMF",
    "content": "recommender.engine.algorithms.content.Content",
    "ease": "recommender.engine.algorithms.ease.EASE",
    "hybrid": "recommender.engine.algorithms.hybrid.Hybrid",
    "item_knn": "recommender.engine.algorithms.item_knn.ItemKNN",
    "nmf": "recommender.engine.algorithms.nmf.NMF",
    "segment_popular": "recommender.engine.algorithms.segment_popular.SegmentPopular",
    "popular": "recommender.engine.algorithms.popular.Popular",
    "trending": "recommender.engine.algorithms.trending.Trending",
}
"""Name -> dotted path of the settings class."""


def create(name: str, **settings: Any) -> Algorithm:
    """Create the algorithm called `name`; ValueError where the name, a setting or a value is wrong."""
    algorithm = find(ALGORITHMS, name, "algorithm")
    known = [field.name for field in fields(algorithm)]
    for setting in settings:
        if setting not in known:
            raise ValueError(f"{name} has no setting {setting!r}; it has: {', '.join(known) or 'none'}.")
    created: Algorithm = algorithm(**settings)
    return created
