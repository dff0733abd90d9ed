"""A version keeps all figures: by length, by slice, with intervals; and the gate judges by what it judged by before."""

import numpy as np
import pytest

from recommender.engine.algorithms.popular import Popular
from recommender.engine.evaluation import full
from recommender.engine.evaluation.evaluate import evaluate
from recommender.engine.evaluation.figures import Errors
from recommender.engine.evaluation.task import AGES
from recommender.engine.forms.hybrid import BUCKETS
from recommender.models import ModelVersion
from recommender.training import train as training
from tests.datasets import dataset as made
from tests.datasets import rated
from tests.recommender.events import ratings


def errors(users: list[int], squared: list[float]) -> Errors:
    n = len(users)
    actual, off = np.zeros(n, np.float32), np.sqrt(np.array(squared)).astype(np.float32)
    nothing = np.full(n, np.nan, np.float32)
    return Errors(np.array(users, np.int32), off, nothing, actual, np.zeros(n, np.int64))


def test_the_interval_of_the_rmse_draws_users_with_all_their_ratings() -> None:
    # One user's hundred equal errors are one witness.
    rng = np.random.default_rng(1)
    low, high = full.rmse_interval(errors([0] * 100 + [1] * 100, [1.0] * 100 + [4.0] * 100), rng)
    assert (low, high) == (1.0, 2.0)
    alike = full.rmse_interval(errors(list(range(50)), [1.0] * 50), rng)
    assert alike == [1.0, 1.0]
    assert full.rmse_interval(errors([], []), rng) == [None, None]


def test_with_many_users_there_are_fewer_draws() -> None:
    assert (full._draws(0), full._draws(20_000), full._draws(40_000), full._draws(10**9)) == (1000, 1000, 500, 200)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_trained_version_has_them(model_folders: None) -> None:
    ratings(people=40)
    training.train(("svd", "popular"))
    for version in ModelVersion.objects.all():
        metrics, found = version.metrics["metrics"], version.metrics["full"]
        assert set(found["by_length"]) == {"5", "10", "20"}
        assert set(found["by_length"]["10"]) == {"ndcg", "recall", "precision", "map", "mrr", "hit_rate"}
        assert found["by_length"]["10"]["ndcg"] == pytest.approx(metrics["ndcg_at_10"])
        assert found["by_length"]["20"]["recall"] >= found["by_length"]["5"]["recall"]
        kept = found["ndcg_by_user"]
        assert kept["n"] == metrics["users"] == len(kept["values"])
        assert np.mean(kept["values"]) == pytest.approx(metrics["ndcg_at_10"], abs=1e-4)
        low, high = found["ndcg_interval"]
        assert low <= metrics["ndcg_at_10"] <= high
        assert set(found["by_activity"]) == set(BUCKETS)
        assert sum(one["users"] for one in found["by_activity"].values()) == metrics["users"]
        assert not found["by_item_age"] or set(found["by_item_age"]) == set(AGES)
        for name in ("novelty", "gini", "diversity"):
            assert found[name] is not None, name
    svd = ModelVersion.objects.get(algorithm="svd").metrics
    low, high = svd["full"]["rmse_interval"]
    assert low <= svd["metrics"]["rmse"] <= high


def test_what_the_gate_judges_is_not_changed_by_longer_lists() -> None:
    """Of one algorithm, the own figures come from lists of twenty, those beside it from lists of ten."""
    rng = np.random.default_rng(3)
    events = [
        rated(user, int(item), 5.0, 1_000 * place + user)
        for user in range(40)
        for place, item in enumerate(rng.permutation(60)[:12])
    ]
    found = evaluate(Popular(), made(events), 1, beside={"again": Popular()})
    assert found.metrics == found.beside["again"]
    assert found.judged[""].gains.tolist() == found.judged["again"].gains.tolist()
