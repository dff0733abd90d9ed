"""The jobs: what the events of an export come to, factors, neighbours of items, and everybody's best items.

What is said of a user is made by the engine's own code on the executors (`on_executors`); Spark sums up over users,
solves for the factors, and picks the nearest. Results come back as Parquet beside the export: they may be larger than
what Spark's driver takes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.conf import settings
from scipy.sparse import csr_array

from recommender.engine.algorithms.als import ALS, MOST_SKIPS
from recommender.engine.algorithms.item_knn import ItemKNN
from recommender.engine.evidence import STRONGEST
from recommender.engine.forms.implicit_factors import POWER, ImplicitFactorModel
from recommender.engine.forms.item_weights import ItemWeightsModel
from recommender.engine.types import CannotFit, Dataset, FloatArray, IdMap, IntArray, Model, Progress, silent
from recommender.spark import on_executors
from recommender.spark.on_executors import Reader
from recommender.spark.place import Place

EVENTS_AT_ONCE = 1_000_000
"""The events of a partition: about 300 MB of memory on an executor's core."""

SHUFFLED, PARTS_SHUFFLED = "spark.sql.shuffle.partitions", 4
"""Sums and neighbours are made in so many times the partitions of the events: products of items are many more."""

LARGEST_ID = 2**31 - 1
"""The largest id of a user that Spark's ALS takes."""

NOTHING = "There are no events that speak for an item: collect or import some first."


@dataclass(frozen=True)
class Job:
    """Hold what every job needs: Spark, the events (Parquet below `events`), where results go, and the events' ids.

    `dataset` holds the same events; the jobs read its maps, kinds and skips alone.
    """

    spark: Any
    events: Place
    results: Place
    dataset: Dataset

    @property
    def reader(self) -> Reader:
        return Reader(self.dataset.kinds, self.dataset.item_ids)

    @property
    def parts(self) -> int:
        """Return how many partitions the events have: one for each core at least."""
        return max(int(self.spark.sparkContext.defaultParallelism), -(-len(self.dataset) // EVENTS_AT_ONCE))

    def read(self) -> Any:
        """Return the events, all of a user in one partition."""
        if SHUFFLED not in settings.SPARK_SETTINGS:
            # Spark's own number is the same for a thousand events and for a billion.
            self.spark.conf.set(SHUFFLED, PARTS_SHUFFLED * self.parts)
        return self.spark.read.parquet(self.events.uri).drop("month").repartition(self.parts, "user_id")

    @contextmanager
    def evidence(self) -> Iterator[Any]:
        """Keep what the events come to, on the executors' disks, for several passes."""
        from pyspark import StorageLevel

        reader = self.spark.sparkContext.broadcast(self.reader)
        found = self.read().mapInArrow(
            lambda batches: on_executors.evidence(batches, reader.value), on_executors.EVIDENCE
        )
        found = found.persist(StorageLevel.DISK_ONLY)
        try:
            yield found
        finally:
            found.unpersist()
            reader.unpersist()

    def fetch(self, frame: Any, name: str) -> Any:
        """Run a job and return its rows as a table of Arrow."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        place = self.results / name
        frame.write.mode("overwrite").parquet(place.uri)
        tables = []
        for path in place.files(".parquet"):
            with place.storage.open(path) as file:
                tables.append(pq.ParquetFile(file).read())
        place.remove()
        return pa.concat_tables(tables)


def fit_als(job: Job, algorithm: ALS, seed: int, progress: Progress = silent) -> ImplicitFactorModel:
    """Fit the factors of `algorithm` by pyspark.ml's ALS, with the same confidences. Raises CannotFit.

    Spark weighs the regularisation of each user and item by how many ratings there are (Zhou, Wilkinson, Schreiber and
    Pan, 2008); `reg` is divided by the mean of an item, so that the usual item is held as firmly as it is here. Users
    are then folded in by our own formula, as the local engine does.
    """
    from pyspark.ml import recommendation
    from pyspark.sql import functions

    if len(job.dataset.user_ids) and int(job.dataset.user_ids.ids[-1]) > LARGEST_ID:
        raise CannotFit(f"Spark's ALS takes ids of users up to {LARGEST_ID:,}: set TRAINING_ENGINE=local for als.")
    with job.evidence() as evidence:
        progress(0, "summing up the events in Spark")
        # As in `confidence`: the share of the strongest, twice at the most, squared.
        strength = functions.pow(
            functions.least(functions.col("net") / STRONGEST, functions.lit(2.0)), functions.lit(POWER)
        ).cast("float")
        favours = evidence.filter("net > 0").select(
            functions.col("user_id").cast("int").alias("user"), "item", strength.alias("rating")
        )
        counts = job.fetch(favours.groupBy("item").count(), "counts")
        chosen = np.zeros(job.dataset.n_items, bool)
        chosen[counts["item"].to_numpy()] = True
        if not chosen.any():
            raise CannotFit(NOTHING)
        mean = counts["count"].to_numpy().mean()
        progress(0.1, f"{algorithm.n_epochs} epochs in Spark")
        als = recommendation.ALS(
            rank=algorithm.n_factors,
            maxIter=algorithm.n_epochs,
            regParam=algorithm.reg / mean,
            implicitPrefs=True,
            alpha=algorithm.alpha,
            seed=seed,
            userCol="user",
            itemCol="item",
            ratingCol="rating",
            numUserBlocks=job.parts,
            numItemBlocks=job.parts,
        )
        fitted = als.fit(_with_skips(job, algorithm, favours))
        found = job.fetch(fitted.itemFactors, "items")
        item_factors = np.zeros((job.dataset.n_items, algorithm.n_factors), np.float32)
        item_factors[found["id"].to_numpy()] = _matrix(found["features"], algorithm.n_factors)
        item_factors[~chosen] = 0
        model = ImplicitFactorModel(
            user_ids=IdMap(np.empty(0, np.int64)),
            item_ids=job.dataset.item_ids,
            reg=algorithm.reg,
            alpha=algorithm.alpha,
            user_factors=np.zeros((0, algorithm.n_factors), np.float32),
            item_factors=item_factors,
            knows=chosen,
            average=np.zeros(algorithm.n_factors, np.float32),
        )
        progress(0.8, "folding everybody in, in Spark")
        shared = job.spark.sparkContext.broadcast(model)
        folded = evidence.mapInArrow(lambda batches: on_executors.factors(batches, shared.value), on_executors.FACTORS)
        return _with_users(model, job.dataset.user_ids, job.fetch(folded, "users"))


def fit_item_knn(job: Job, algorithm: ItemKNN, _seed: int, progress: Progress = silent) -> ItemWeightsModel:
    """Fit the neighbours of `algorithm` by sums over all users; nothing is drawn. Raises CannotFit."""
    from pyspark.sql import Window, functions

    n_items, power = job.dataset.n_items, algorithm.power
    with job.evidence() as evidence:
        progress(0, "summing up the events in Spark")
        known = job.fetch(evidence.select("user_id", "item", "faded"), "profiles")
        progress(0.3, "products of items in Spark")
        parts = evidence.mapInArrow(
            lambda batches: on_executors.products(batches, power, n_items), on_executors.PRODUCT
        )
        sums = parts.groupBy("item", "other").agg(functions.sum("product").alias("product")).persist()
        squares = job.fetch(sums.filter("item = other"), "squares")
        if not len(squares):
            raise CannotFit(NOTHING)
        lengths = np.zeros(n_items)
        lengths[squares["item"].to_numpy()] = np.sqrt(squares["product"].to_numpy())
        shared, shrinkage = job.spark.sparkContext.broadcast(lengths), algorithm.shrinkage
        progress(0.7, "the nearest of each item in Spark")
        alike = sums.filter("item <> other").mapInArrow(
            lambda batches: on_executors.similarities(batches, shared.value, shrinkage), on_executors.SIMILARITY
        )
        nearest = Window.partitionBy("item").orderBy(functions.desc("similarity"), functions.asc("other"))
        best = alike.withColumn("place", functions.row_number().over(nearest)).filter(
            functions.col("place") <= algorithm.k
        )
        found = job.fetch(best.select("item", "other", "similarity"), "neighbours")
        sums.unpersist()
    entries = (found["other"].to_numpy(), found["item"].to_numpy())
    return ItemWeightsModel(
        user_ids=job.dataset.user_ids,
        item_ids=job.dataset.item_ids,
        power=power,
        unit=1.0,
        knows=lengths > 0,
        profiles=_profiles(job.dataset, known),
        weights=csr_array((found["similarity"].to_numpy().astype(np.float32), entries), shape=(n_items, n_items)),
    )


def best_items(job: Job, model: Model, n: int) -> Any:
    """Return the job (LISTS, not yet run) that finds the n best unseen items of each user by the model's item side."""
    context = job.spark.sparkContext
    shared, reader = context.broadcast(without_users(model)), context.broadcast(job.reader)
    return job.read().mapInArrow(
        lambda batches: on_executors.lists(batches, reader.value, shared.value, n), on_executors.LISTS
    )


def without_users(model: Model) -> Model:
    """Return the part of a model that says something of items: executors have no use for all users'."""
    nobody = IdMap(np.empty(0, np.int64))
    if isinstance(model, ImplicitFactorModel):
        return replace(model, user_ids=nobody, user_factors=model.user_factors[:0])
    if isinstance(model, ItemWeightsModel):
        return replace(model, user_ids=nobody, profiles=model.profiles[:0])
    return model


def java_reason(error: Exception) -> str:
    """Return what went wrong in Spark as a sentence, without Java's traces."""
    found = re.search(r"(?:Exception|Error): ([^\n]+)", str(error))
    return (found[1] if found else str(error).strip().splitlines()[0]).strip()


def _with_skips(job: Job, algorithm: ALS, favours: Any) -> Any:
    """Add what users passed over, as ratings below 0: Spark takes their size for confidence that t is 0."""
    skips = job.dataset.skips
    if skips is None or not algorithm.passed_over:
        return favours
    import pyarrow as pa

    trust = algorithm.passed_over * np.minimum(skips.counts, MOST_SKIPS) / algorithm.alpha
    columns = {
        "user": pa.array(job.dataset.user_ids.ids[skips.users].astype(np.int32)),
        "item": pa.array(skips.items.astype(np.int32)),
        "rating": pa.array((-trust).astype(np.float32)),
    }
    passed = job.spark.createDataFrame(pa.table(columns))
    return favours.unionByName(passed.join(favours, ["user", "item"], "left_anti"))


def _with_users(model: ImplicitFactorModel, user_ids: IdMap, found: Any) -> ImplicitFactorModel:
    """Put the factors (FACTORS) into the model as `ALS.fit` does: who only speaks against starts from the average."""
    width = model.item_factors.shape[1]
    rows, opposed = user_ids.rows(found["user_id"].to_numpy()), found["opposed"].to_numpy()
    folded = _matrix(found["factors"], width)
    favoured = folded[~opposed]
    average: FloatArray = favoured.mean(axis=0) if len(favoured) else model.average
    folded[opposed] += average
    factors = np.zeros((len(user_ids), width), np.float32)
    factors[rows] = folded
    return replace(model, user_ids=user_ids, user_factors=factors, average=average)


def _profiles(dataset: Dataset, known: Any) -> csr_array:
    users: IntArray = dataset.user_ids.rows(known["user_id"].to_numpy()).astype(np.int64)
    items = known["item"].to_numpy()
    order = np.lexsort((items, users))
    starts = np.searchsorted(users[order], np.arange(dataset.n_users + 1)).astype(np.int32)
    shape = (dataset.n_users, dataset.n_items)
    return csr_array((known["faded"].to_numpy()[order].astype(np.float32), items[order], starts), shape=shape)


def _matrix(column: Any, width: int) -> FloatArray:
    rows: FloatArray = column.combine_chunks().flatten().to_numpy().reshape(-1, width).astype(np.float32)
    return rows
