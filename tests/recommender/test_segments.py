"""What is popular with people of one's kind: shrunk to what is popular with all, and served to newcomers."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from catalog import store
from catalog.models import EndUser, Item
from recommender import serving
from recommender.engine import tokens as item_tokens
from recommender.engine.algorithms import create
from recommender.engine.algorithms.segment_popular import SegmentPopular
from recommender.engine.evaluation.protocol import Plan, evaluate_all
from recommender.engine.evaluation.split import Split
from recommender.engine.feedback import histories
from recommender.engine.forms import load_model
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.types import UNKNOWN, CannotFit, Dataset, IdMap, TokenTable
from recommender.serving import Request
from recommender.training import train
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.contract import ModelContract, assert_same_arrays, rows, through_files
from tests.datasets import VIEW, Did, dataset, rated, two_tastes
from tests.recommender.events import ratings
from tests.recommender.fixtures import set_placement, start_afresh

PEOPLE, ITEMS = 60, 10
NEW_YORK = ("nyc, new york, usa", "new york, usa", "usa")


def peopled(data: Dataset, tokens: Mapping[int, tuple[str, ...]]) -> Dataset:
    ids = data.user_ids.ids.tolist()
    return replace(data, user_segments=TokenTable(data.user_ids, tuple(tokens.get(user, ()) for user in ids)))


def two_countries() -> Dataset:
    """Even people, of Norway, view the even items and odd ones, of Peru, the odd; their shoe sizes say nothing."""
    rng = np.random.default_rng(1)
    events = [
        Did(user, item, VIEW)
        for user in range(PEOPLE)
        for item in range(ITEMS)
        if (item % 2 == user % 2 and rng.random() < 0.7) or rng.random() < 0.1
    ]
    tokens = {user: (f"country:{('norway', 'peru')[user % 2]}", f"shoes:{user // 2 % 3}") for user in range(PEOPLE)}
    return peopled(dataset(events, items=range(ITEMS)), tokens)


def fit(data: Dataset, **settings: Any) -> SegmentModel:
    return SegmentPopular(**settings).fit(data, np.random.default_rng(0))


class TestSegmentPopular(ModelContract):
    algorithm = SegmentPopular()

    def fit(self, data: Dataset, seed: int = 7) -> Any:
        return super().fit(self._told_apart(data), seed)

    @staticmethod
    def _told_apart(data: Dataset) -> Dataset:
        return peopled(data, {user: (f"taste:{user % 2}",) for user in data.user_ids.ids.tolist()})

    def test_progress_rises_and_what_it_raises_stops_the_fit(self) -> None:
        told: list[float] = []
        data = self._told_apart(two_tastes())
        self.algorithm.fit(data, np.random.default_rng(7), lambda done, what: told.append(done))
        assert told == sorted(told)
        assert told

    @pytest.mark.parametrize(
        "data", [dataset([rated(1, 1, 4)]), dataset([rated(1, 1, 4), rated(2, 1, 3)])], ids=["one", "two"]
    )
    def test_the_smallest_data_fit(self, data: Dataset) -> None:
        """Too few people to tell apart: a sentence, and popularity goes on without it."""
        with pytest.raises(CannotFit, match=r"^There are no segments.*\.$"):
            self.fit(data)


def test_each_segment_has_its_own_order() -> None:
    model = fit(two_countries())
    assert model.names == ("country:norway", "country:peru")
    scores = model.score(rows(0, 1))
    assert scores[0, 0::2].min() > scores[0, 1::2].max()
    assert scores[1, 1::2].min() > scores[1, 0::2].max()


def test_the_score_is_the_formula() -> None:
    events = [Did(user, user % 2, VIEW) for user in range(20)] + [Did(user, 2, VIEW) for user in range(0, 20, 2)]
    data = peopled(dataset(events), {user: (f"half:{user % 2}",) for user in range(20)})
    model = fit(data, by="half", shrinkage=5.0)
    shares = np.array([10, 10, 10]) / 30
    expected = 30 * (np.array([10, 0, 10]) + 5 * shares) / (20 + 5)
    assert_allclose(model.score(rows(0))[0], expected, rtol=1e-5)


def test_a_small_segment_is_drawn_to_what_everybody_likes() -> None:
    strong, weak = (fit(two_countries(), by="country", shrinkage=k).score(rows(0))[0] for k in (1e6, 1.0))
    assert np.ptp(strong[0::2] - strong[1::2].mean()) < np.ptp(weak)
    everybody = create("popular").fit(two_countries(), np.random.default_rng(0)).score(rows(0))[0]
    assert_allclose(strong, everybody, rtol=1e-2)


def places(cities: int = 4) -> Dataset:
    """Two countries of two cities each: who lives in a country views its half of the items, most of all the one of
    their city. The last city has few people.
    """
    rng = np.random.default_rng(1)
    sizes = (150, 150, 150, 40)[:cities]
    homes = np.repeat(np.arange(cities), sizes)
    events = [
        Did(user, item, VIEW)
        for user, city in enumerate(homes.tolist())
        for item in range(ITEMS)
        if rng.random() < (0.9 if item == city else 0.45 if item % 2 == city % 2 else 0.05)
    ]
    tokens = {user: item_tokens.segments({"home": f"c{city}, k{city % 2}"}) for user, city in enumerate(homes.tolist())}
    return peopled(dataset(events, items=range(ITEMS)), tokens)


def test_a_city_is_shrunk_to_its_country() -> None:
    model = fit(places(), shrinkage=40.0)
    assert model.names == ("home:k0", "home:k1", "home:c0, k0", "home:c1, k1", "home:c2, k0", "home:c3, k1")
    assert model.parents.tolist() == [UNKNOWN, UNKNOWN, 0, 1, 0, 1]
    assert model.members[[0, -1]].tolist() == [2, 5]
    counts = model.counts.toarray()
    country = (counts[1] + 40 * model.shares) / (counts[1].sum() + 40)
    city = (counts[5] + 40 * country) / (counts[5].sum() + 40)
    assert_allclose(model.score(rows(-2 + len(model.members)))[0], model.total * city, rtol=1e-4)
    order = np.argsort(-model.score_segments(rows(1, 5)), axis=1)
    assert order[1][0] == 3
    assert (order[:, :5] % 2 == 1).all()


def test_somebody_of_a_city_that_nobody_knows_gets_the_country_s() -> None:
    model = fit(places())
    unheard, country = (model.segments_of([item_tokens.segments({"home": home})]) for home in ("c9, k1", "k1"))
    assert unheard.tolist() == country.tolist() == [model.names.index("home:k1")]
    assert model.segments_of([("home:c9, k9",)]).tolist() == [UNKNOWN]


def test_a_level_that_says_nothing_is_left_out() -> None:
    ids = range(PEOPLE)
    streets = {user: item_tokens.segments({"home": f"s{user // 2 % 3}, k{user % 2}"}) for user in ids}
    assert fit(peopled(two_countries(), streets)).names == ("home:k0", "home:k1")


def test_a_model_of_before_places_had_parts_is_read_as_it_was() -> None:
    model = fit(two_countries(), shrinkage=30.0)
    before = {key: array for key, array in model.arrays().items() if key not in ("shrinkages", "parents")}
    before["constants"] = np.array([model.total, 30.0])
    assert_allclose(SegmentModel.from_arrays(before).score(rows(0, 1)), model.score(rows(0, 1)))


def test_a_place_that_lies_in_itself_is_refused() -> None:
    arrays = fit(two_countries()).arrays()
    for parents, sentence in (([1, 0], "parents leads in a circle"), ([2, -1], "names segments that are not there")):
        with pytest.raises(ValueError, match=sentence):
            SegmentModel.from_arrays({**arrays, "parents": np.array(parents)})


def test_a_demographic_that_says_nothing_is_not_taken() -> None:
    assert {name.split(":")[0] for name in fit(two_countries()).names} == {"country"}
    tokens = {user: (f"shoes:{user // 2 % 3}",) for user in range(PEOPLE)}
    with pytest.raises(CannotFit, match="what is popular foretells as well"):
        fit(peopled(two_countries(), tokens))
    assert fit(peopled(two_countries(), tokens), by="shoes").names == ("shoes:0", "shoes:1", "shoes:2")


def test_without_demographics_it_is_refused_with_a_sentence() -> None:
    with pytest.raises(CannotFit, match="no demographics are known that 10 users or more share"):
        fit(replace(two_countries(), user_segments=None))
    with pytest.raises(CannotFit, match="no demographic 'height' is known"):
        fit(two_countries(), by="height")


def test_people_of_no_segment_get_nan_and_newcomers_their_segment_s() -> None:
    model = fit(two_countries())
    assert np.isnan(model.score(rows(UNKNOWN))).all()
    data = peopled(dataset([Did(900, 0, VIEW)]), {900: ("country:peru",)})
    newcomer = model.score_histories(histories(data, model.item_ids))
    assert_allclose(newcomer, model.score(rows(1)))
    assert np.isnan(model.score_histories(histories(dataset([Did(900, 0, VIEW)]), model.item_ids))).all()


def test_it_comes_back_from_files(tmp_path: Path) -> None:
    model = fit(two_countries())
    loaded = load_model(model.form, through_files(model.arrays(), tmp_path))
    assert_same_arrays(loaded.arrays(), model.arrays())
    assert isinstance(loaded, SegmentModel)
    assert loaded.names == model.names


@pytest.mark.parametrize(("name", "value"), [("shrinkage", -1), ("ceiling", 0)])
def test_an_impossible_setting_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is {value}"):
        fit(two_countries(), **{name: value})


@pytest.mark.parametrize(
    ("demographics", "segments"),
    [
        ({"age": 34, "gender": "F"}, ("age:30-39", "gender:f")),
        (
            {"location": "seattle, washington, USA"},
            ("location:seattle, washington, usa", "location:washington, usa", "location:usa"),
        ),
        ({"location": "n/a, , usa"}, ("location:usa",)),
        ({"location": "inner city, nyc, new york, usa"}, tuple(f"location:{place}" for place in NEW_YORK)),
        ({"location": "seattle, "}, ()),
        ({"member": True, "age": None, "kids": ["a"], "note": " "}, ("member:true",)),
        ({"age": float("nan"), "city": "x" * 300}, ("city:" + "x" * 60,)),
        ({}, ()),
    ],
)
def test_a_person_has_a_segment_for_each_demographic(demographics: dict[str, Any], segments: tuple[str, ...]) -> None:
    assert item_tokens.segments(demographics) == segments


def test_the_protocol_serves_people_without_events_by_their_segment() -> None:
    """One event each, which is held out: nothing but the country is known of the people at the end."""
    events = [rated(user, item, 5) for user in range(PEOPLE) for item in range(ITEMS) if item % 2 == user % 2]
    events += [rated(user, user // 2 % 5 * 2 + user % 2, 5) for user in range(PEOPLE, PEOPLE + 20)]
    tokens = {user: (f"country:{('norway', 'peru')[user % 2]}",) for user in range(PEOPLE + 20)}
    data = peopled(dataset(events), tokens)
    plan = Plan(split="leave-one-out", k=5)
    found = {run["algorithm"]: run for run in evaluate_all(data, ["hybrid", "segment_popular"], plan)}
    nobody = found["hybrid"]["by_activity"]["0"]
    assert nobody["users"] == nobody["served"] == 20
    assert nobody["hit_rate"] == found["segment_popular"]["by_activity"]["0"]["hit_rate"] == 1
    assert found["popular"]["by_activity"]["0"]["hit_rate"] < 1


def test_a_split_keeps_what_is_known_of_people() -> None:
    data = two_countries()
    split = Split(data.select(np.arange(5)), data.select(np.arange(5, 9)), "")
    assert split.train.user_segments is data.user_segments
    few = IdMap(data.user_ids.ids[:2])
    assert data.user_segments is not None
    assert data.user_segments.take(few).tokens == data.user_segments.tokens[:2]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_somebody_who_only_says_where_she_is_from_gets_what_is_popular_there(model_folders: None) -> None:
    ratings(people=40)
    for number, person in enumerate(EndUser.objects.order_by("pk")):
        person.demographics = {"country": ("Norway", "Peru")[number % 2], "shoes": number % 7}
        person.save()
    train.train(["svd", "popular", "hybrid"])
    set_placement(new_item_share=0)
    start_afresh()
    lists = {}
    for name, country in (("nora", "norway"), ("pia", "PERU")):
        store.save_user(EndUser(user_id=name, demographics={"country": country}), actor=SYSTEM)
        answer = serving.recommend(Request(name, limit=5, explain=True))
        lists[name] = [place.item_id for place in answer.items]
        assert {place.source for place in answer.items} == {"segment_popular"}
        reason = answer.items[0].reason
        assert reason is not None
        assert reason.sentence == "People like you often choose it."
    pks = {item.item_id: number for number, item in enumerate(Item.objects.order_by("pk"))}
    assert {pks[item_id] % 2 for item_id in lists["nora"]} != {pks[item_id] % 2 for item_id in lists["pia"]}
    stranger = serving.recommend(Request(factories.person("zoe", demographics={"country": "Mars"}).user_id, limit=5))
    assert {place.source for place in stranger.items} == {"popular"}
