"""The algorithms by name and the forms their models take; nothing heavy is imported before it is asked for."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import Any

from recommender.types import Algorithm, Arrays, Model

ALGORITHMS: Mapping[str, str] = {
    "svd": "recommender.algorithms.svd.SVD",
    "als": "recommender.algorithms.als.ALS",
    "baseline": "recommender.algorithms.baseline.Baseline",
    "bpmf": "recommender.algorithms.bpmf.BPMF",
    "content": "recommender.algorithms.content.Content",
    "ease": "recommender.algorithms.ease.EASE",
    "hybrid": "recommender.algorithms.blend.Hybrid",
    "item_knn": "recommender.algorithms.item_knn.ItemKNN",
    "nmf": "recommender.algorithms.nmf.NMF",
    "segment_popular": "recommender.algorithms.segment_popular.SegmentPopular",
    "popular": "recommender.algorithms.popular.Popular",
    "trending": "recommender.algorithms.trending.Trending",
}
"""Name -> dotted path of the settings class."""

FORMS: Mapping[str, str] = {
    "factors": "recommender.algorithms.factors.FactorModel",
    "nonnegative_factors": "recommender.algorithms.nonnegative.NonnegativeFactorModel",
    "vectors": "recommender.algorithms.vectors.VectorModel",
    "sampled_factors": "recommender.algorithms.sampled_factors.SampledFactorModel",
    "item_weights": "recommender.algorithms.weights.ItemWeightsModel",
    "hybrid": "recommender.algorithms.hybrid.HybridModel",
    "implicit_factors": "recommender.algorithms.implicit_factors.ImplicitFactorModel",
    "segments": "recommender.algorithms.segments.SegmentModel",
    "impersonal": "recommender.algorithms.impersonal.ImpersonalModel",
}
"""`Model.form` -> dotted path of the model class: reading a model never imports what trained it."""


def create(name: str, **settings: Any) -> Algorithm:
    """The algorithm called `name` with these settings; ValueError where a name, a setting or a value is wrong."""
    algorithm = _find(ALGORITHMS, name, "algorithm")
    known = [field.name for field in fields(algorithm)]
    for setting in settings:
        if setting not in known:
            raise ValueError(f"{name} has no setting {setting!r}; it has: {', '.join(known) or 'none'}.")
    created: Algorithm = algorithm(**settings)
    return created


def load_model(form: str, arrays: Arrays) -> Model:
    """The model whose `form` and `arrays()` these are; ValueError for an unknown form or a missing array."""
    model: type[Model] = _find(FORMS, form, "model form")
    try:
        return model.from_arrays(arrays)
    except KeyError as missing:
        raise ValueError(f"The arrays of a model of form {form!r} lack {missing}.") from missing


def _find(table: Mapping[str, str], name: str, what: str) -> Any:
    if name not in table:
        raise ValueError(f"There is no {what} called {name!r}; known: {', '.join(sorted(table))}.")
    module, _, attribute = table[name].rpartition(".")
    return getattr(import_module(module), attribute)
