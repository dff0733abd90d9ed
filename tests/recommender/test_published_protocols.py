"""Protocols that others published are reproduced: who learns what, what is left out of lists, what counts."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender.engine.evaluation.published import PUBLISHED, kept_by, published_split
from recommender.engine.evaluation.split import Split
from recommender.engine.evaluation.task import Task
from recommender.engine.types import Dataset, IdMap
from tests.catalog.files import write
from tests.datasets import dataset, rated


def diary(*counts: int, value: float = 5) -> Dataset:
    return dataset([rated(user, item, value) for user, n in enumerate(counts) for item in range(n)])


def split(data: Dataset, protocol: str, seed: int = 1) -> Split:
    return published_split(data, protocol, np.random.default_rng(seed))


def sizes(data: Dataset, protocol: str) -> list[tuple[int, int, int]]:
    """The number of events of each user that are training, validation and test."""
    found = split(data, protocol)
    assert found.hidden is not None
    counts = [np.bincount(part.users, minlength=data.n_users) for part in (found.train, found.hidden, found.test)]
    return list(zip(*(count.tolist() for count in counts), strict=True))


def test_recbole_deals_80_10_10_and_one_event_at_least_where_two_are_left() -> None:
    expected = {1: (1, 0, 0), 2: (1, 0, 1), 3: (1, 1, 1), 9: (7, 1, 1), 10: (8, 1, 1), 19: (17, 1, 1), 30: (24, 3, 3)}
    assert sizes(diary(*expected), "recbole") == list(expected.values())


def test_recommenders_learns_from_three_quarters_of_each_user_s() -> None:
    # 0.75 of 2 is 1.5, rounded to 2; of 6, 4.5, to 4: halves go to the even number.
    expected = {1: (1, 0, 0), 2: (2, 0, 0), 3: (2, 0, 1), 4: (3, 0, 1), 6: (4, 0, 2), 20: (15, 0, 5)}
    assert sizes(diary(*expected), "recommenders") == list(expected.values())


@pytest.mark.parametrize("protocol", PUBLISHED)
def test_the_draw_is_the_seed_s_and_every_event_is_in_one_part(protocol: str) -> None:
    data = diary(40, 25)
    first, again, other = (split(data, protocol, seed) for seed in (1, 1, 2))
    assert first.test.items.tolist() == again.test.items.tolist() != other.test.items.tolist()
    assert first.hidden is not None
    parts = [list(zip(part.users, part.items, strict=True)) for part in (first.train, first.hidden, first.test)]
    assert sorted(pair for part in parts for pair in part) == list(zip(data.users, data.items, strict=True))


def test_recbole_drops_low_ratings_and_all_that_is_left_is_relevant() -> None:
    data = dataset([rated(user, item, 1 + item % 5) for user in range(3) for item in range(30)])
    data, kept = kept_by(data, "recbole")
    assert sorted(set(data.values[kept].tolist())) == [3, 4, 5]
    found = split(data.select(kept), "recbole")
    task = Task.of(found, 10)
    assert task.wanted.nnz == len(found.test) == 3 * 1
    # A caller may name another lowest rating, for another scale.
    assert set(data.values[kept_by(data, "recbole", 5)[1]].tolist()) == {5}


def test_recommenders_keeps_the_lowest_ratings_and_calls_them_relevant() -> None:
    data, kept = kept_by(dataset([rated(1, item, 1 + item % 5) for item in range(40)]), "recommenders")
    assert kept.all()
    assert Task.of(split(data, "recommenders"), 10).wanted.nnz == 10


class Alphabet:
    """A model that ranks items by their ids, lowest first."""

    def __init__(self, data: Dataset) -> None:
        self.user_ids, self.item_ids = data.user_ids, data.item_ids

    def score(self, rows: Any) -> Any:
        return np.tile(-np.arange(len(self.item_ids), dtype=np.float32), (len(rows), 1))


def test_lists_leave_validation_out_and_learning_does_not_see_it() -> None:
    data = diary(20)
    data = replace(data, item_ids=IdMap(np.arange(25)))
    found = split(data, "recbole")
    assert found.hidden is not None
    task = Task.of(found, 10)
    ranked = task.rank(Alphabet(data), 10)[0].tolist()  # type: ignore[arg-type]  # it answers what is asked here
    assert ranked[:2] == sorted(found.test.items.tolist())
    assert ranked[2:7] == [20, 21, 22, 23, 24]
    assert task.activity.tolist() == [16]


TINY = "user_id,item_id,rating\n" + "".join(
    [f"{user},{item},{rating}\n" for user in "uvwx" for item, rating in zip("abcd", (5, 4, 3, 1), strict=True)]
    + [f"fan{number},p,5\n" for number in range(8)]
)
"""Four users of the same four items, one of which they rate 1, and eight of another item, that is more popular."""

SECOND = 1 / np.log2(3)
"""The nDCG of a list with its only relevant item in the second place."""


def run(path: Path, *arguments: object) -> tuple[dict[str, Any], str]:
    file, out, shown = write(path, {"t.csv": TINY}) / "t.csv", path / "f.json", StringIO()
    fixed = ["--format", "csv", "--path", file, "--scale", "1..5", "--algorithms", "popular", "--json", out]
    call_command("evaluate", *map(str, [*fixed, *arguments]), stdout=shown)
    return json.loads(out.read_text()), shown.getvalue()


def test_recbole_s_figures_of_a_tiny_set_are_those_by_hand(tmp_path: Path) -> None:
    """The ones are dropped; of the other three items of each user one is training, one validation and one the test.
    Two items are left to rank: the popular one comes first, the test item second. Whoever has one event has no test.
    """
    found, shown = run(tmp_path, "--protocol", "recbole", "--seeds", "1,2")
    assert (found["data"]["rows"], found["data"]["items"], found["data"]["dropped"]) == (20, 4, 4)
    mine = [one for one in found["runs"] if one["algorithm"] == "popular"]
    assert [(one["seed"], one["users"], one["served"]) for one in mine] == [(1, 4, 4), (2, 4, 4)]
    assert [one["ndcg"] for one in mine] == pytest.approx([SECOND, SECOND])
    assert [one["ndcg_interval"] for one in mine] == [pytest.approx([SECOND, SECOND])] * 2
    assert [one["hit_rate"] for one in mine] == [1, 1]
    assert "Ratings that are too low for the protocol, which drops them: 4." in shown


def test_recommenders_figures_of_a_tiny_set_are_those_by_hand(tmp_path: Path) -> None:
    """One of four items of each user is the test, whatever its rating; it stands behind the popular one."""
    found, _ = run(tmp_path, "--protocol", "recommenders", "--seeds", "1,2,3")
    assert (found["data"]["rows"], found["data"]["items"], "dropped" in found["data"]) == (24, 5, False)
    mine = [one for one in found["runs"] if one["algorithm"] == "popular"]
    assert [one["users"] for one in mine] == [4, 4, 4]
    assert [one["ndcg"] for one in mine] == pytest.approx([SECOND] * 3)


@pytest.mark.parametrize("more", [["--split", "random"], ["--test-fraction", "0.3"], ["--cv", "2"]])
def test_a_protocol_and_another_split_are_refused(more: list[str], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--protocol brings a split of its own: leave --split"):
        run(tmp_path, "--protocol", "recbole", *more)
