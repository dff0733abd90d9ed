"""Choose where models are fitted: in this process, or on Spark (TRAINING_ENGINE).

Spark gets an export of the events. Whatever else a training does (the split, the gate, the artifact, the release) is
the same, on the events of that export; algorithms that Spark doesn't have are fitted here.
"""

import logging
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils import timezone

from recommender.dataset import load_everything
from recommender.engine.algorithms.als import ALS
from recommender.engine.algorithms.item_knn import ItemKNN
from recommender.engine.records import records_of_dataset
from recommender.engine.types import Algorithm, CannotFit, Dataset, Model, Progress, part, silent
from recommender.models import ModelVersion
from recommender.spark import export, handed_lists, jobs, session
from recommender.spark.place import Place
from recommender.spark.tables import schema, table_of
from recsite.platform.exceptions import UserFacingError
from recsite.platform.jobs import Cancelled

logger = logging.getLogger(__name__)

SPARK = "spark"
IN_SPARK: Mapping[str, Any] = {"als": jobs.fit_als, "item_knn": jobs.fit_item_knn}
"""The algorithms that Spark fits, and how."""

TYPES: Mapping[type, str] = {ALS: "als", ItemKNN: "item_knn"}
ENGINE = "engine"
"""The metric of a version that names the engine that fitted it, where that is not this process."""

EXPORTING = 0.6
"""The share of the reading that the export takes."""

ROWS = 262_144
WORK, ABANDONED = "training", timedelta(days=2)


class SparkFailed(UserFacingError):
    """Spark gave a job up."""


class LocalEngine:
    """Fit in this process."""

    def read(self, reads: Collection[str], until: datetime | None, progress: Progress = silent) -> Dataset:
        """Read the events of a training."""
        return load_everything(reads, until)

    def fitter(self, algorithm: Algorithm) -> Algorithm:
        """Return what fits the algorithm."""
        return algorithm

    def inputs(self, algorithm: Algorithm, inputs: str) -> str:
        """Return the hash of what the algorithm reads, so that another engine's model is another one."""
        return inputs

    def metrics(self, algorithm: Algorithm) -> dict[str, Any]:
        """Return what a version says of the engine that fitted it."""
        return {}

    def hand_over_lists(self, version: ModelVersion, algorithm: Algorithm, model: Model) -> None:
        """Make everybody's lists of a version, where the engine is better at it than whoever serves."""


@dataclass
class SparkEngine(LocalEngine):
    """Fit on Spark what Spark can: it starts when it is first needed, and ends with the training."""

    work: Place
    """A folder of this training alone, deleted with it."""
    kept: ExitStack
    whole: Dataset | None = None
    """The events of the export."""
    spark: Any = None
    number: int = 0

    def read(self, reads: Collection[str], until: datetime | None, progress: Progress = silent) -> Dataset:
        """Export the events, and read the export: everything in the training is made of the same events."""
        export.export(self.work / "events", until, part(progress, 0, EXPORTING))
        progress(EXPORTING, "reading the export")
        self.whole = load_everything(reads, until, export.read(self.work / "events"))
        return self.whole

    def fitter(self, algorithm: Algorithm) -> Algorithm:
        return InSpark(algorithm, self) if type(algorithm) in TYPES else algorithm

    def inputs(self, algorithm: Algorithm, inputs: str) -> str:
        return sha256(f"{inputs} {SPARK}".encode()).hexdigest() if type(algorithm) in TYPES else inputs

    def metrics(self, algorithm: Algorithm) -> dict[str, Any]:
        return {ENGINE: f"{SPARK} {self.started().version}"} if type(algorithm) in TYPES else {}

    def hand_over_lists(self, version: ModelVersion, algorithm: Algorithm, model: Model) -> None:
        if type(algorithm) in TYPES and self.whole is not None:
            job = jobs.Job(self.started(), self.work / "events", self.work / "lists", self.whole)
            with _sentences():
                handed_lists.make(job, version.algorithm, version.pk, model)

    def started(self) -> Any:
        """Return Spark, started if need be. Raises NoSpark."""
        if self.spark is None:
            self.spark = self.kept.enter_context(session.session())
        return self.spark

    def fit(self, algorithm: Algorithm, dataset: Dataset, seed: int, progress: Progress) -> Model:
        """Fit on the export or, of a part of its events, on an export of that part. Raises CannotFit, SparkFailed."""
        progress(0, "starting Spark")
        spark, is_whole = self.started(), dataset is self.whole
        self.number += 1
        own = self.work / f"part-{self.number}"
        if not is_whole:
            write_events(own, dataset)
        events = self.work / "events" if is_whole else own
        job = jobs.Job(spark, events, self.work / f"results-{self.number}", dataset)
        try:
            with _sentences():
                model: Model = IN_SPARK[TYPES[type(algorithm)]](job, algorithm, seed, part(progress, 0.1, 1))
        finally:
            own.remove()
        return model


@dataclass(frozen=True)
class InSpark:
    """Fit one algorithm on Spark."""

    algorithm: Algorithm
    engine: SparkEngine

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> Model:
        """Fit a model of the dataset's events, of the form that the algorithm's own has."""
        return self.engine.fit(self.algorithm, dataset, int(rng.integers(2**31)), progress)


@contextmanager
def engine_of(algorithms: Collection[str]) -> Iterator[LocalEngine]:
    """Choose the engine for these algorithms; Spark where it is set and has one of them.

    Raises NoSpark or CannotExport, before anything is done, where something that it needs isn't here.
    """
    if settings.TRAINING_ENGINE != SPARK:
        yield LocalEngine()
        return
    session.check()
    export.check_pyarrow()
    if not IN_SPARK.keys() & set(algorithms):
        yield LocalEngine()
        return
    _clear_up()
    work = Place.of(f"{WORK}-{timezone.now():%Y%m%d%H%M%S}-{secrets.token_hex(4)}")
    with ExitStack() as kept:
        kept.callback(work.remove)
        yield SparkEngine(work, kept)


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what Spark raises into a sentence; the log has Java's traces."""
    try:
        yield
    except (CannotFit, UserFacingError, Cancelled, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        logger.exception("Spark gave up")
        raise SparkFailed(
            f"Spark gave up: {jobs.java_reason(error)} The log has the details; more memory is given by "
            "SPARK_SETTINGS (docs/SCALE.md)."
        ) from error


def fitted_here(algorithms: Collection[str]) -> str:
    """Return a sentence that names those of these algorithms that Spark doesn't have, where Spark is set."""
    here = [name for name in algorithms if name not in IN_SPARK]
    if settings.TRAINING_ENGINE != SPARK or not here:
        return ""
    return f"Trained on this machine, as Spark has {' and '.join(IN_SPARK)} alone: {', '.join(here)}."


def _clear_up() -> None:
    """Delete what trainings left that were killed: copies of everybody's events."""
    place = Place.of("")
    before = f"{WORK}-{timezone.now() - ABANDONED:%Y%m%d%H%M%S}"
    for name in place.folders():
        if name.startswith(f"{WORK}-") and name < before:
            (place / name).remove()


def write_events(place: Place, dataset: Dataset) -> None:
    """Write a part of the events as an export is."""
    import pyarrow.parquet as pq

    records, names = records_of_dataset(dataset), [kind.name for kind in dataset.kinds]
    with place.writing("part-00000.parquet") as file, pq.ParquetWriter(file, schema()) as writer:
        for start in range(0, len(records), ROWS):
            writer.write_table(table_of(records[start : start + ROWS], names, np.arange(len(names))))
