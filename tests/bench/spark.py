"""Export, ALS, item neighbours and lists for everybody on Spark, beside the local engine: events of the database."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django
import numpy as np

COUNT = 200


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def measure() -> dict[str, Any]:
    from recommender.engine import feedback
    from recommender.engine.algorithms.als import ALS
    from recommender.engine.algorithms.item_knn import ItemKNN
    from recommender.engine.ranking import score_blocks
    from recommender.spark import jobs, session
    from recommender.spark.export import export, read
    from recommender.spark.place import Place

    place, found = Place.of("bench"), dict[str, Any]()
    place.remove()
    found["export"], done = timed(lambda: export(place / "events"))
    found["read"], dataset = timed(lambda: read(place / "events"))
    found |= {"events": done.events, "users": dataset.n_users, "items": dataset.n_items}
    started = time.perf_counter()
    with session.session() as spark:
        found["start"] = time.perf_counter() - started
        job = jobs.Job(spark, place / "events", place / "results", dataset)
        found["als"], model = timed(lambda: jobs.fit_als(job, ALS(), 42))
        found["item_knn"], _ = timed(lambda: jobs.fit_item_knn(job, ItemKNN(), 42))
        found["lists"], _ = timed(lambda: job.fetch(jobs.best_items(job, model, COUNT), "lists"))
        found["master"] = spark.sparkContext.master
        found["version"] = spark.version
    found["local_als"], model = timed(lambda: ALS().fit(dataset, np.random.default_rng(42)))
    found["local_item_knn"], _ = timed(lambda: ItemKNN().fit(dataset, np.random.default_rng(42)))
    everybody, seen = np.arange(dataset.n_users, dtype=np.int32), feedback.seen(dataset)
    found["local_lists"], _ = timed(lambda: [None for _ in score_blocks(model, everybody, COUNT, seen)])
    place.remove()
    return found


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
