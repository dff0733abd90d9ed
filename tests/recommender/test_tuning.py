"""The search for settings: kept, gone on with, and never by the events that the gate judges by."""

from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender.dataset import load_dataset
from recommender.engine.algorithms import create
from recommender.engine.evaluation.split import holdout
from recommender.models import TuningTrial
from recommender.registry.exceptions import CannotTrain
from recommender.training import tune
from recsite.platform.locks import exclusive
from tests.recommender.events import ratings

pytestmark = pytest.mark.django_db


@pytest.fixture
def events() -> None:
    ratings(people=30, items=20, each=15)


def command(*arguments: object) -> str:
    out = StringIO()
    call_command("tune", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_every_space_is_one_of_settings_that_the_algorithm_has() -> None:
    for name, space in tune.SPACES.items():
        for end in ("low", "high"):
            create(name, **{setting: getattr(span, end) for setting, span in space.items()})


def test_the_defaults_come_first_and_the_best_is_the_least_error(events: None) -> None:
    study = tune.tune("nmf", 4)
    assert (study.metric, len(study.trials)) == ("rmse", 4)
    values = [trial.value for trial in study.trials]
    assert values == sorted(values)  # type: ignore[type-var]  # finished trials have one
    first = TuningTrial.objects.get(number=0)
    assert first.settings == {"n_factors": 50, "n_epochs": 100, "reg": 0.15}
    assert len({tuple(trial.settings.values()) for trial in study.trials}) == 4


def test_lists_are_judged_where_no_rating_is_predicted_and_more_is_better(events: None) -> None:
    study = tune.tune("item_knn", 3)
    assert study.metric == "ndcg"
    assert study.best.value == max(trial.value or 0 for trial in study.trials)


def test_a_search_goes_on_where_it_stopped_until_the_events_change(events: None) -> None:
    tune.tune("popular", 2)
    again = tune.tune("popular", 5)
    assert sorted(trial.number for trial in again.trials) == [0, 1, 2, 3, 4]
    assert TuningTrial.objects.count() == 5
    assert len(tune.tune("popular", 3).trials) == 5
    ratings(people=2)
    assert len(tune.tune("popular", 1).trials) == 1


def test_a_search_broken_off_keeps_what_it_has(events: None) -> None:
    def stop(done: float, what: str) -> None:
        if "trial 3" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune.tune("svd", 5, progress=stop)
    assert TuningTrial.objects.count() == 2


def test_the_time_is_kept(events: None) -> None:
    assert len(tune.tune("popular", 1_000, timeout=0.3).trials) < 1_000


def test_the_events_that_the_gate_judges_by_are_never_looked_at(events: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(tune, "_search", lambda key, split, *rest: seen.append(split))
    with pytest.raises(CannotTrain):
        tune.tune("svd", 1)
    judged_by = holdout(load_dataset(), np.random.default_rng(42)).test
    pairs = {(user, item) for user, item in zip(judged_by.users.tolist(), judged_by.items.tolist(), strict=True)}
    for part in (seen[0].train, seen[0].test):
        assert not pairs & set(zip(part.users.tolist(), part.items.tolist(), strict=True))


def test_the_command_shows_the_best_and_how_to_train_with_it(events: None) -> None:
    said = command("popular", "--trials", 4)
    assert said.splitlines()[0].split() == ["TRIAL", "NDCG", "CEILING", "SECONDS"]
    assert "(the defaults)" in said
    assert "manage.py train popular --set popular.ceiling=" in said or "Nothing was better" in said


def test_a_single_trial_is_that_of_the_defaults_and_the_command_says_so(events: None) -> None:
    assert "Only the defaults were tried: trial 1 of --trials is theirs." in command("popular", "--trials", 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["hybrid"], "hybrid has nothing to tune. Known: als, bpmf"),
        (["svd", "--trials", "0"], "--trials must be 1 or more"),
        (["svd", "--timeout", "0"], "--timeout must be more than 0"),
        (["svd"], "There are no events to tune on"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        command(*arguments)


def test_two_searches_of_one_algorithm_don_t_run_at_once(events: None) -> None:
    with exclusive("The tuning of svd"), pytest.raises(CommandError, match="The tuning of svd"):
        command("svd", "--trials", 1)
