"""The SVD that recsite trains beside Surprise's own, on the same ratings, with the same settings, in one process."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django
import numpy as np

ROUNDS = 2


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def bare(raw: list[tuple[int, int, float, None]], scale: tuple[float, float], settings: Any) -> None:
    """What Surprise's documentation has one do."""
    import surprise

    data = surprise.Dataset(surprise.Reader(rating_scale=scale))
    surprise.SVD(
        n_factors=settings.n_factors,
        n_epochs=settings.n_epochs,
        lr_all=settings.lr,
        reg_all=settings.reg,
        random_state=42,
    ).fit(data.construct_trainset(raw))


def measure() -> dict[str, Any]:
    from recommender.dataset import load_dataset
    from recommender.engine.algorithms.svd import SVD
    from recommender.engine.feedback import ratings

    reading, dataset = timed(load_dataset)
    known = ratings(dataset)
    raw = [
        (user, item, value, None)
        for user, item, value in zip(known.users.tolist(), known.items.tolist(), known.values.tolist(), strict=True)
    ]
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        ours.append(timed(lambda: SVD().fit(dataset, np.random.default_rng(42)))[0])
        theirs.append(timed(lambda: bare(raw, (known.scale_min, known.scale_max), SVD()))[0])
    return {
        "ratings": len(known),
        "read_seconds": reading,
        "seconds": min(ours),
        "bare_seconds": min(theirs),
        "settings": repr(SVD()),
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
