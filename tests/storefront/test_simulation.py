"""The simulated people: the same seed gives the same data, and the data look and behave like a shop's."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from surprise import SVD, BaselineOnly, Dataset, Reader

from storefront.simulation import SOURCES, TYPES, Log, Simulation, most_events, simulate
from storefront.simulation.people import BY_AGE, NAMES, share_out
from storefront.simulation.rhythm import WINDOW_DAYS
from storefront.works.works import CATEGORIES, read_works

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 5, 1, tzinfo=UTC)
PEOPLE, EVENTS = 3000, 200_000
TRAINED_SHARE = 0.8


def small(seed: int = 7, until: datetime = UNTIL, people: int = 60, events: int = 900) -> Simulation:
    return simulate(read_works()[:80], people, events, seed, until)


def digest(simulation: Simulation) -> str:
    whole = sha256(repr((simulation.people, simulation.published.tolist())).encode())
    for column in vars(simulation.log).values():
        whole.update(column.tobytes())
    return whole.hexdigest()


def gini(counts: NDArray[np.int64]) -> float:
    """0 where all are equal, 1 where one has everything."""
    ordered, size = np.sort(counts), len(counts)
    return float((2 * np.arange(1, size + 1) - size - 1) @ ordered / (size * ordered.sum()))


def per_person(simulation: Simulation) -> NDArray[np.int64]:
    return np.bincount(simulation.log.users, minlength=len(simulation.people))


@pytest.fixture(scope="module")
def full() -> Simulation:
    return simulate(read_works(), PEOPLE, EVENTS, 1, UNTIL)


@pytest.fixture(scope="module")
def log(full: Simulation) -> Log:
    return full.log


def test_the_same_seed_gives_the_same_data_byte_for_byte() -> None:
    assert digest(small()) == digest(small())


def test_another_process_with_another_hash_seed_makes_the_same_data() -> None:
    script = "from tests.storefront.test_simulation import digest, small; print(digest(small()))"
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed}
        made = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert made.stdout.strip() == digest(small())


def test_another_seed_gives_other_data() -> None:
    assert digest(small(seed=8)) != digest(small(seed=7))


def test_a_day_later_the_data_end_a_day_later() -> None:
    later = UNTIL + timedelta(days=1)
    assert small(until=later).log.times.max() > small().log.times.max()


def test_there_are_exactly_as_many_people_and_events_as_asked_for(full: Simulation) -> None:
    assert (len(full.people), len(full.log)) == (PEOPLE, EVENTS)
    assert len(small(events=1).log) == 1
    assert len(small(events=most_events(60, 80)).log) == most_events(60, 80)


def test_more_events_than_look_natural_are_refused() -> None:
    with pytest.raises(ValueError, match="60 people and 80 works have 1200 events at most"):
        small(events=1201)


@pytest.mark.parametrize(("people", "works"), [(1, 4), (2, 2), (20, 1), (40, 10)])
def test_the_smallest_shops_work_too(people: int, works: int) -> None:
    events = most_events(people, works)
    assert len(simulate(read_works()[:works], people, events, 3, UNTIL).log) == events


def test_people_have_readable_ids_that_are_unique(full: Simulation) -> None:
    ids = [person.user_id for person in full.people]
    assert len(set(ids)) == PEOPLE
    assert ids[0].endswith("-0001")
    assert all(person.user_id.split("-")[0] in NAMES[person.country] for person in full.people)


def test_people_have_an_age_a_country_and_mostly_preferences(full: Simulation) -> None:
    assert {person.age_group for person in full.people} == set(BY_AGE)
    assert {person.country for person in full.people} == set(NAMES)
    assert all(set(person.preferences) <= set(CATEGORIES) for person in full.people)
    assert 0.6 < np.mean([bool(person.preferences) for person in full.people]) < 0.9


def test_some_people_have_no_history_and_some_a_single_event(full: Simulation) -> None:
    counts = per_person(full)
    assert 0.04 < (counts == 0).mean() < 0.08
    assert 0.02 < (counts == 1).mean() < 0.06


def test_a_few_people_do_much_and_many_do_little(full: Simulation) -> None:
    counts = np.sort(per_person(full))
    assert counts[-PEOPLE // 10 :].sum() > 0.35 * EVENTS
    assert counts[: PEOPLE // 2].sum() < 0.2 * EVENTS


def test_works_have_a_long_tail(full: Simulation) -> None:
    counts = np.bincount(full.log.items, minlength=len(full.works))
    assert gini(counts) > 0.4
    assert np.median(counts) < counts.mean() < counts.max() / 8


def test_brand_new_works_came_in_during_the_last_days_and_nobody_has_met_them(full: Simulation) -> None:
    new = full.published > UNTIL.timestamp() - 5 * 86400
    assert 10 <= new.sum() <= 14
    assert not np.isin(full.log.items, np.flatnonzero(new)).any()


def test_works_came_in_over_two_years(full: Simulation) -> None:
    ages = (UNTIL.timestamp() - full.published) / 86400
    assert ages.min() > 0
    assert 729 < ages.max() < 731
    assert (ages < WINDOW_DAYS).mean() > 0.05


def test_events_fill_the_half_year_before_until_in_order(log: Log) -> None:
    start, end = UNTIL - timedelta(days=WINDOW_DAYS), UNTIL
    assert (np.diff(log.times) >= 0).all()
    assert log.times.max() < end.timestamp()
    assert start.timestamp() - 3600 < log.times.min() < (start + timedelta(days=1)).timestamp()


def test_nobody_meets_a_work_before_it_came_in_or_before_joining(full: Simulation) -> None:
    joined = np.array([person.joined for person in full.people])
    assert (full.log.times >= full.published[full.log.items]).all()
    assert (full.log.times >= joined[full.log.users]).all()


def test_evenings_and_weekends_are_busier(log: Log) -> None:
    hours = np.bincount(log.times // 3600 % 24, minlength=24)
    weekdays = np.bincount((log.times // 86400 + 3) % 7, minlength=7)
    assert hours.argmax() in (19, 20, 21)
    assert hours[3] * 10 < hours.max()
    assert weekdays[5:].min() > weekdays[:4].max()


def test_ratings_are_whole_steps_from_1_to_5_and_nothing_else_has_a_value(log: Log) -> None:
    rated = log.types == TYPES.index("rating")
    assert set(np.unique(log.values[rated])) == {1, 2, 3, 4, 5}
    assert np.isnan(log.values[~rated]).all()
    assert rated.sum() > 0.2 * EVENTS


def test_every_type_of_event_happens_and_a_view_most_often(log: Log) -> None:
    counts = np.bincount(log.types, minlength=len(TYPES))
    assert counts.min() > 500
    assert TYPES[counts.argmax()] == "view"


def test_nobody_does_the_same_with_the_same_work_twice(log: Log) -> None:
    keys = np.stack([log.users, log.items, log.types.astype(np.int32)])
    assert np.unique(keys, axis=1).shape[1] == EVENTS


def test_who_purchases_has_put_it_into_the_cart_just_before(log: Log) -> None:
    cart, purchase = TYPES.index("add_to_cart"), TYPES.index("purchase")
    filled = {
        (user, item): time
        for user, item, kind, time in zip(log.users, log.items, log.types, log.times, strict=True)
        if kind == cart
    }
    bought = log.types == purchase
    for user, item, time in zip(log.users[bought], log.items[bought], log.times[bought], strict=True):
        assert 0 < time - filled[user, item] < 3600


def test_a_visit_is_one_persons_and_short(log: Log) -> None:
    in_shop = log.sources != SOURCES.index("mail")
    visits = log.visits[in_shop]
    users = np.zeros(visits.max() + 1, np.int64)
    users[visits] = log.users[in_shop]
    assert (users[visits] == log.users[in_shop]).all()
    latest, earliest = np.zeros(len(users), np.int64), np.full(len(users), 2**62)
    np.maximum.at(latest, visits, log.times[in_shop])
    np.minimum.at(earliest, visits, log.times[in_shop])
    assert (latest - earliest)[np.unique(visits)].max() < 3 * 3600


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [("like", 4, 5), ("dislike", 1, 2), ("add_to_cart", 3, 5), ("purchase", 3, 5), ("share", 3, 5)],
)
def test_nobody_contradicts_their_own_rating(log: Log, kind: str, lowest: int, highest: int) -> None:
    rated = log.types == TYPES.index("rating")
    both = rated & np.isin(pairs(log), pairs(log)[log.types == TYPES.index(kind)])
    assert both.sum() > 500
    assert (log.values[both].min(), log.values[both].max()) == (lowest, highest)


@pytest.mark.parametrize("kind", ["like", "add_to_cart", "purchase", "share"])
def test_nobody_dislikes_an_item_and_acts_in_its_favour(log: Log, kind: str) -> None:
    disliked = pairs(log)[log.types == TYPES.index("dislike")]
    assert not np.isin(disliked, pairs(log)[log.types == TYPES.index(kind)]).any()


def pairs(log: Log) -> NDArray[np.int64]:
    """Return one number for each event that tells the pair of user and item."""
    return log.users.astype(np.int64) * 10_000 + log.items


def test_people_turn_mostly_to_the_categories_they_prefer(full: Simulation) -> None:
    prefers = [set(person.preferences) for person in full.people]
    shelved = [set(work.categories) for work in full.works]
    named = [k for k, user in enumerate(full.log.users) if prefers[user]]
    hits = np.mean([bool(prefers[full.log.users[k]] & shelved[full.log.items[k]]) for k in named])
    blind = np.mean([bool(prefers[full.log.users[k]] & shelved[full.log.items[k - 1]]) for k in named])
    assert hits > 1.5 * blind


def test_factors_of_ratings_predict_better_than_means_and_biases(log: Log) -> None:
    rated = log.types == TYPES.index("rating")
    rows = list(zip(log.users[rated], log.items[rated], log.values[rated].astype(float), strict=True))
    cut = int(TRAINED_SHARE * len(rows))
    train = Dataset(Reader(rating_scale=(1, 5))).construct_trainset([(*row, None) for row in rows[:cut]])

    def rmse(predictor: BaselineOnly | SVD) -> float:
        predictor.fit(train)
        errors = [predictor.predict(user, item).est - value for user, item, value in rows[cut:]]
        return float(np.sqrt(np.mean(np.square(errors))))

    biases = rmse(BaselineOnly(verbose=False))
    assert rmse(SVD(n_factors=50, n_epochs=40, reg_all=0.06, random_state=1)) < 0.95 * biases
    assert biases < 0.95 * log.values[rated][cut:].std()


def test_neighbours_rank_better_than_popularity(full: Simulation) -> None:
    """Recall@10 of what people met in the last fifth, by item neighbours and by popularity."""
    log, cut = full.log, int(TRAINED_SHARE * EVENTS)
    before = np.zeros((PEOPLE, len(full.works)))
    before[log.users[:cut], log.items[:cut]] = 1
    after = np.zeros(before.shape, bool)
    after[log.users[cut:], log.items[cut:]] = True
    after &= before == 0
    people = np.flatnonzero(after.any(axis=1) & before.any(axis=1))
    together = before.T @ before
    norms = np.sqrt(np.maximum(np.diag(together), 1))
    similar = together / np.outer(norms, norms) * (together / (together + 5))
    np.fill_diagonal(similar, 0)

    def recall(scores: NDArray[np.float64]) -> float:
        top = np.argsort(-np.where(before[people] > 0, -np.inf, scores), axis=1)[:, :10]
        hits = np.take_along_axis(after[people], top, axis=1).sum(axis=1)
        return float(np.mean(hits / np.minimum(after[people].sum(axis=1), 10)))

    popular = recall(np.tile(before.sum(axis=0), (len(people), 1)))
    assert recall(before[people] @ similar) > 1.4 * popular


def test_sharing_out_keeps_to_activity_and_to_the_most_a_person_can_have() -> None:
    quota = share_out(np.array([0, np.nan, 1.0, 2.0, 1000.0]), 100, 50)
    assert quota.sum() == 100
    assert list(quota[:2]) == [0, 1]
    assert quota[2] < quota[3] < quota[4] == 50
