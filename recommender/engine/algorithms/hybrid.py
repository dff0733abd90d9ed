"""The hybrid as an algorithm: sources that are fitted together, and weights that are learned on an inner split."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.engine.algorithms import create
from recommender.engine.algorithms.blend_weights import learn_weights
from recommender.engine.evaluation.split import holdout
from recommender.engine.forms.hybrid import BUCKETS, HybridModel, is_personal
from recommender.engine.types import Algorithm, CannotFit, Dataset, Model, Progress, silent

SOURCES = ("ease", "item_knn", "als", "content", "segment_popular", "popular")


@dataclass(frozen=True)
class Hybrid:
    """Blends `sources` as HybridModel says.

    The weights are learned on the last events of each person in the dataset, which sources that are fitted for it on
    the earlier ones have not seen; then the sources are fitted again on everything. A source that the data don't allow
    is left out.
    """

    sources: tuple[str, ...] = SOURCES
    encoder: str = ""
    """The sentence encoder of the content source, if it is to have one."""

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("sources is empty; it must name at least one algorithm.")
        for name in self.sources:
            create(name)

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> HybridModel:
        """The blend. CannotFit where none of its sources can be fitted."""
        split = holdout(dataset, rng)
        try:
            inner = self._fitted(split.train, rng, lambda done, what: progress(0.4 * done, f"earlier events: {what}"))
            progress(0.4, "learning what each source is worth")
            weights = dict(zip(inner, learn_weights(inner, split, rng).T, strict=True))
        except CannotFit:
            # Too little to hold anything out: every source counts alike.
            weights = {}
        models = self._fitted(dataset, rng, lambda done, what: progress(0.5 + 0.5 * done, what))
        return blended(models, weights)

    def _fitted(self, dataset: Dataset, rng: np.random.Generator, progress: Progress) -> dict[str, Model]:
        models, reasons = {}, []
        for number, name in enumerate(self.sources):
            algorithm: Algorithm = create(name, **self._settings_of(name))
            try:
                models[name] = algorithm.fit(dataset, rng, _part(progress, number, len(self.sources), name))
            except CannotFit as reason:
                reasons.append(str(reason))
        if not any(map(is_personal, models.values())):
            raise CannotFit(reasons[0] if reasons else "There is no source to blend.")
        return models

    def _settings_of(self, source: str) -> dict[str, str]:
        return {"encoder": self.encoder} if source == "content" and self.encoder else {}


def _part(progress: Progress, number: int, of: int, name: str) -> Progress:
    return lambda done, what: progress((number + done) / of, f"{name}: {what}")


def blended(models: Mapping[str, Model], weights: Mapping[str, np.ndarray]) -> HybridModel:
    """The hybrid of these models; one of which no weights are known counts as much as the others on average."""
    columns = [weights.get(name, np.full(len(BUCKETS), 1 / len(models), np.float32)) for name in models]
    table = np.stack(columns, axis=1).astype(np.float32)
    return HybridModel(dict(models), table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9))
