"""The evaluation anybody can repeat: one protocol, figures that follow from it, and every person counted."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.evaluation.figures import by_item_age
from recommender.engine.evaluation.protocol import Plan, cross_validate, divide, evaluate_all
from recommender.engine.evaluation.split import Split
from recommender.engine.evaluation.task import AGES, Task
from recommender.engine.feedback import relevant, seen
from recommender.engine.types import Dataset
from tests.datasets import VIEW, Did, dataset, many_tastes, rated


def run(data: Dataset, *names: str, **plan: object) -> dict[str, dict[str, Any]]:
    return {row["algorithm"]: row for row in evaluate_all(data, names, Plan(**plan))}  # type: ignore[arg-type]


def test_popularity_and_item_neighbours_always_stand_beside() -> None:
    assert list(run(many_tastes(), "ease")) == ["ease", "popular", "item_knn"]


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    timed = {"fit_seconds", "score_seconds", "peak_rss_mb"}
    first, again, other = (run(many_tastes(), "als", split="random", seeds=(seed,))["als"] for seed in (1, 1, 2))
    assert {k: v for k, v in first.items() if k not in timed} == {k: v for k, v in again.items() if k not in timed}
    assert first["ndcg"] != other["ndcg"]


def test_figures_are_json_and_of_the_names_that_are_promised() -> None:
    figures = run(many_tastes(), "svd")["svd"]
    json.dumps(figures, allow_nan=False)
    assert figures.keys() >= {
        *("rmse", "mae", "interval_coverage", "ndcg", "recall", "precision", "map", "mrr", "hit_rate", "coverage"),
        *("novelty", "gini", "diversity", "users", "served", "fit_seconds", "score_seconds", "peak_rss_mb"),
        *("ratings", "predicted", "by_activity", "settings", "protocol", "ndcg_interval"),
    }
    assert figures["by_activity"]["20+"].keys() >= {"rmse", "interval_coverage", "ndcg", "gini", "diversity", "served"}
    low, high = figures["ndcg_interval"]
    assert low <= figures["ndcg"] <= high


def test_people_without_anything_relevant_are_skipped() -> None:
    data = dataset([rated(1, item, 5) for item in range(10)] + [rated(2, item, 1) for item in range(10)])
    assert run(data, "popular", split="random")["popular"]["users"] == 1


def test_what_was_seen_in_training_is_neither_listed_nor_wanted() -> None:
    events = [rated(1, 1, 5, time=1), rated(1, 2, 5, time=2), rated(1, 3, 5, time=3), rated(1, 4, 5, time=4)]
    data = dataset([*events, rated(1, 1, 5, time=5), *(rated(2, item, 5) for item in range(1, 8))])
    task = Task.of(divide(data, Plan(split="temporal"), 1), 10)
    assert task.wanted[0].toarray().sum() == 0
    assert not task.wanted.multiply(task.already).nnz


def test_the_hybrid_serves_everybody_as_the_product_does() -> None:
    newcomers = [rated(user, user % 5, 5) for user in range(900, 930)]
    data = many_tastes()
    known = [
        rated(u, i, v) for u, i, v in zip(data.users.tolist(), data.items.tolist(), data.values.tolist(), strict=True)
    ]
    found = run(dataset([*known, *newcomers]), "hybrid", split="leave-one-out")
    assert found["hybrid"]["by_activity"]["0"]["users"] == 30
    assert found["hybrid"]["served"] == found["hybrid"]["users"]
    assert found["item_knn"]["by_activity"]["0"]["served"] == 0


def test_the_split_is_at_one_moment_for_all_unless_told_otherwise() -> None:
    data = many_tastes()
    dated = replace(data, times=np.random.default_rng(1).permutation(len(data)))
    split = divide(dated, Plan(), 1)
    assert split.train.times.max() < split.test.times.min()
    assert len(split.test) == len(data) // 5


def test_users_with_a_past_have_figures_of_their_own() -> None:
    known = [rated(user, item, 5, time=1) for user in range(20) for item in range(user % 2, 12, 2)]
    later = [rated(user, 7, 5, time=9) for user in [*range(0, 20, 2), *range(100, 120)]]
    found = run(dataset([*known, *later]), "ease", test_fraction=0.2)["ease"]
    assert (found["users"], found["of_known"]["users"]) == (30, 10)
    assert found["of_known"]["served"] == found["served"] == 10


def test_a_split_that_others_made_is_taken_as_it_is() -> None:
    data = many_tastes()
    is_test = np.arange(len(data)) % 7 == 0
    split = divide(data, Plan(is_test=is_test), 1)
    assert (len(split.train), len(split.test)) == (int((~is_test).sum()), int(is_test.sum()))
    assert split.protocol.startswith("The split was given")


def test_leaving_one_out_takes_one_relevant_event_of_each_person() -> None:
    data = dataset([rated(1, 1, 5), rated(1, 2, 1), rated(1, 3, 4), rated(2, 1, 1), Did(3, 1, VIEW)])
    split = divide(data, Plan(split="leave-one-out"), 1)
    assert split.test.user_ids.ids[split.test.users].tolist() == [1, 3]
    assert relevant(split.test).all()
    assert len(split.train) == 3
    drawn = {divide(data, Plan(split="leave-one-out"), seed).test.items[0] for seed in range(20)}
    assert len(drawn) == 2


def test_a_random_part_is_drawn_from_all_events() -> None:
    data = many_tastes()
    split = divide(data, Plan(split="random", test_fraction=0.25), 1)
    assert len(split.test) == int(len(data) * 0.25)
    assert len(split.train) + len(split.test) == len(data)
    assert seen(split.train).nnz + seen(split.test).nnz == len(data)


def test_every_rating_is_in_one_fold() -> None:
    rows = list(cross_validate(many_tastes(), ["svd", "popular"], 5, seed=1))
    assert [(row["algorithm"], row["fold"]) for row in rows] == [
        (name, fold) for name in ("svd", "popular") for fold in range(1, 6)
    ]
    assert all(0 < row["rmse"] < 2 for row in rows[:5])
    assert {row["rmse"] for row in rows[5:]} == {None}


def test_errors_too_are_told_apart_by_what_is_known_of_a_person() -> None:
    few = [rated(user, user % 5, 1) for user in range(900, 930)]
    data = many_tastes()
    known = [
        rated(u, i, v) for u, i, v in zip(data.users.tolist(), data.items.tolist(), data.values.tolist(), strict=True)
    ]
    figures = run(dataset([*known, *few]), "bpmf", split="random")["bpmf"]
    parts = [part for part in figures["by_activity"].values() if part["predicted"]]
    assert sum(part["ratings"] for part in figures["by_activity"].values()) == figures["ratings"]
    assert_allclose(
        sum(part["rmse"] ** 2 * part["predicted"] for part in parts) / figures["predicted"], figures["rmse"] ** 2
    )
    assert figures["by_activity"]["0"]["ratings"] > figures["by_activity"]["0"]["predicted"] == 0


def test_an_algorithm_that_the_data_refuse_has_its_sentence() -> None:
    data = dataset([rated(1, 1, 1), rated(2, 1, 1), rated(1, 2, 1)])
    assert run(data, "ease")["ease"]["refused"].startswith("There are no events that speak for an item")


def test_slices_add_up_to_the_whole() -> None:
    figures = run(many_tastes(), "item_knn")["item_knn"]
    parts = [part for part in figures["by_activity"].values() if part["users"]]
    assert sum(part["users"] for part in parts) == figures["users"]
    assert_allclose(sum(part["users"] * part["ndcg"] for part in parts) / figures["users"], figures["ndcg"])


@pytest.mark.parametrize("fraction", [0, 1, -0.5])
def test_a_test_part_is_a_part(fraction: float) -> None:
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        divide(many_tastes(), Plan(split="random", test_fraction=fraction), 1)


def test_counts_are_whole() -> None:
    assert isinstance(run(many_tastes(), "popular")["popular"]["users"], int)
    assert np.isfinite(run(many_tastes(), "popular")["popular"]["gini"])


def test_accuracy_is_given_at_5_10_and_20_and_rises_with_the_length() -> None:
    found = run(many_tastes(items=60), "item_knn", split="random", k=10)["item_knn"]
    lengths = found["by_length"]
    assert list(lengths) == ["5", "10", "20"]
    assert lengths["5"]["recall"] < lengths["10"]["recall"] < lengths["20"]["recall"]
    for name in ("ndcg", "recall", "precision", "map", "mrr", "hit_rate"):
        assert lengths["10"][name] == found[name]
    shorter = run(many_tastes(items=60), "item_knn", split="random", k=5)["item_knn"]
    assert shorter["ndcg"] == lengths["5"]["ndcg"]
    assert shorter["by_length"] == lengths


def test_items_are_told_apart_by_how_long_they_were_there() -> None:
    day = 86_400
    train = dataset(
        [rated(1, 10, 5, 0), rated(2, 10, 5, 500 * day), rated(2, 11, 5, 300 * day), rated(3, 12, 5, 490 * day)],
        items=[13],
        users=[9],
    )
    people = [rated(9, item, 5, 600 * day) for item in (10, 11, 12, 13)]
    test = dataset(people, items=[10, 11, 12, 13], users=[1, 2, 3, 9])
    task = Task.of(Split(train, test, ""), 2)
    assert task.item_ages is not None
    assert [AGES[age] for age in task.item_ages] == ["older", "under a year", "under a month", "new"]
    found = by_item_age(np.array([[0, 3, 1]], np.int32), task)
    assert {name: figures["recall"] for name, figures in found.items()} == {
        "new": 1,
        "under a month": 0,
        "under a year": 0,
        "older": 1,
    }
    assert {name: figures["places"] for name, figures in found.items()} == {
        "new": 0.5,
        "under a month": 0,
        "under a year": 0,
        "older": 0.5,
    }


def test_without_times_no_item_has_an_age() -> None:
    task = Task.of(divide(many_tastes(), Plan(split="random"), 1), 10)
    assert task.item_ages is None
    assert by_item_age(np.zeros((len(task.users), 10), np.int32), task) == {}
