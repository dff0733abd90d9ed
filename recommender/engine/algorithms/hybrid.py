"""Fit the hybrid: sources that are fitted together, and weights that are learned on inner splits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.algorithms import create
from recommender.engine.algorithms.blend_weights import InnerTask, learn_weights
from recommender.engine.algorithms.ease import EASE
from recommender.engine.evaluation.split import holdout, random_part
from recommender.engine.forms.hybrid import BUCKETS, HybridModel, is_personal
from recommender.engine.forms.item_weights import ItemWeightsModel
from recommender.engine.types import Algorithm, CannotFit, Dataset, FloatArray, Model, Progress, part, silent

SOURCES = ("ease", "item_knn", "als", "content", "segment_popular", "popular")


@dataclass(frozen=True)
class Hybrid:
    """Blend `sources` as HybridModel says.

    The weights are learned on the last events of each user in the dataset and on a random part of the events, by
    sources that are fitted for each on what is left. What is learned on one must surely be better on the other than
    the best source alone, or that source alone has a say. Then the sources are fitted again on everything. A source
    that the data don't allow is left out.
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
        """Fit the sources and blend them. CannotFit where none of them can be fitted."""
        algorithms = self._algorithms()
        try:
            weights = self._learned(algorithms, dataset, rng, progress)
        except CannotFit:
            # Too little to hold anything out: every source counts alike.
            weights = {}
        models = _fitted(algorithms, dataset, rng, part(progress, 0.6, 1))
        return blended(models, weights)

    def refit_of(self, model: HybridModel) -> "HybridRefit":
        """Return what fits the sources of `model` anew, with its weights and the settings that EASE chose for itself.

        A source that the data didn't allow then stays out until the weights are learned again.
        """
        algorithms = {name: algorithm for name, algorithm in self._algorithms().items() if name in model.sources}
        ease, fitted = algorithms.get("ease"), model.sources.get("ease")
        if isinstance(ease, EASE) and isinstance(fitted, ItemWeightsModel):
            algorithms["ease"] = replace(ease, reg=fitted.reg, power=fitted.power)
        return HybridRefit(algorithms, dict(zip(model.sources, np.array(model.weights.T), strict=True)))

    def _learned(
        self, algorithms: dict[str, Algorithm], dataset: Dataset, rng: np.random.Generator, progress: Progress
    ) -> dict[str, FloatArray]:
        """Learn the weights on each user's last events and on a random part.

        What a source chooses by itself it chooses once, as it does alone; it is set in `algorithms`.
        """
        splits = holdout(dataset, rng), random_part(dataset, rng)
        if isinstance(ease := algorithms.get("ease"), EASE):
            progress(0, "ease: choosing reg and power")
            algorithms["ease"] = ease.chosen(dataset, rng)
        first = _fitted(algorithms, splits[0].train, rng, part(progress, 0.05, 0.3, "earlier events"))
        second = _fitted(algorithms, splits[1].train, rng, part(progress, 0.3, 0.55, "a random part"))
        # A source that only one of the splits allows is not to be trusted with a say.
        both = [name for name in first if name in second]
        if not both:
            return {}
        progress(0.55, "learning what each source is worth")
        tasks = [
            InnerTask.of({name: models[name] for name in both}, split)
            for models, split in zip((first, second), splits, strict=True)
        ]
        return dict(zip(both, learn_weights(tasks, rng).T, strict=True))

    def _algorithms(self) -> dict[str, Algorithm]:
        encoder = {"content": {"encoder": self.encoder}} if self.encoder else {}
        return {name: create(name, **encoder.get(name, {})) for name in self.sources}


@dataclass(frozen=True, eq=False)
class HybridRefit:
    """Fit the sources of a hybrid once, on everything, and blend them with weights that were learned before.

    Learning the weights takes two more fits of all sources, and EASE's choice of its settings.
    """

    algorithms: Mapping[str, Algorithm]
    weights: Mapping[str, FloatArray]
    """By source: (len(BUCKETS),)."""

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> HybridModel:
        """Fit the sources and blend them. CannotFit where none of them can be fitted."""
        return blended(_fitted(self.algorithms, dataset, rng, progress), self.weights)


def _fitted(
    algorithms: Mapping[str, Algorithm], dataset: Dataset, rng: np.random.Generator, progress: Progress
) -> dict[str, Model]:
    """Fit the sources that the data allow. CannotFit where no personal one is among them."""
    models, reasons = {}, []
    for number, (name, algorithm) in enumerate(algorithms.items()):
        stretch = part(progress, number / len(algorithms), (number + 1) / len(algorithms), name)
        try:
            models[name] = algorithm.fit(dataset, rng, stretch)
        except CannotFit as reason:
            reasons.append(str(reason))
    if not any(map(is_personal, models.values())):
        raise CannotFit(reasons[0] if reasons else "There is no source to blend.")
    return models


def blended(models: Mapping[str, Model], weights: Mapping[str, np.ndarray]) -> HybridModel:
    """Return the hybrid of these models; one of which no weights are known has none. Without any, all count alike."""
    otherwise = np.full(len(BUCKETS), 0 if weights else 1, np.float32)
    columns = [weights.get(name, otherwise) for name in models]
    table = np.stack(columns, axis=1).astype(np.float32)
    return HybridModel(dict(models), table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9))
