"""The best hundred for everybody, beside Surprise's predict() called for each pair (extrapolated from a sample)."""

import json
import resource
import sys
import time
from typing import Any

import django
import numpy as np

SAMPLE = 100_000
LENGTH = 100


def predict_loop(model: Any, sample: int) -> float:
    """Seconds per pair of Surprise's own predict(), on factors of the same size."""
    import surprise

    n_users, n_items = min(len(model.user_ids), 500), min(len(model.item_ids), 500)
    data = surprise.Dataset(surprise.Reader(rating_scale=(1, 5)))
    raw = [(n % n_users, n % n_items, 3.0 + n % 2, None) for n in range(max(n_users, n_items) * 3)]
    fitted = surprise.SVD(n_factors=model.item_factors.shape[1], n_epochs=1).fit(data.construct_trainset(raw))
    pairs = np.random.default_rng(42).integers(0, min(n_users, n_items), (sample, 2)).tolist()
    started = time.perf_counter()
    for user, item in pairs:
        fitted.predict(user, item)
    return (time.perf_counter() - started) / sample


def measure() -> dict[str, Any]:
    from recommender import registry
    from recommender.dataset import load_dataset
    from recommender.engine.feedback import seen
    from recommender.engine.ranking import score_blocks
    from recommender.registry import artifacts

    live = registry.live_release()
    assert live, "Train first."
    version = live.versions.get(algorithm="svd")
    model: Any = artifacts.load(version.artifact, version.checksum).model
    already = seen(load_dataset())
    people = np.arange(len(model.user_ids), dtype=np.int32)
    times: dict[str, float] = {}
    for threads in (1, 2):
        started = time.perf_counter()
        for _ in score_blocks(model, people, LENGTH, already, threads=threads):
            pass
        times[f"seconds_{threads}"] = time.perf_counter() - started
    # Taken before the comparison, which builds a data set of its own.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "people": len(people),
        "items": len(model.item_ids),
        "ranking_peak_mb": peak,
        "predict_seconds_per_pair": predict_loop(model, SAMPLE),
        **times,
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
