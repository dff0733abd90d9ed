"""Training plans: trainings use what staff chose, and the schedule undoes no decision of theirs."""

import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from catalog.models import Item
from recommender import registry, tasks
from recommender.models import AlgorithmSettings, ModelVersion, Release, TrainingPlan
from recommender.registry.exceptions import CannotPromote, NothingLive
from recommender.training import train as training
from recommender.training.train import train
from recsite.platform.jobs import NothingToDo
from recsite.platform.models import Job
from tests.recommender.events import ratings
from tests.recommender.models import ids, popular_model, ready

pytestmark = pytest.mark.django_db

QUICK = {"n_factors": 4, "n_epochs": 3}
OTHER = {"n_factors": 6, "n_epochs": 3}


@pytest.fixture(autouse=True)
def _events() -> None:
    ratings()


def live() -> Release:
    release = registry.live_release()
    assert release is not None
    return release


def svd() -> ModelVersion:
    return live().versions.get(algorithm="svd")


def more_events() -> None:
    ratings(seed=2)


def command(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def propose(**settings: Any) -> AlgorithmSettings:
    return registry.propose("svd", settings, AlgorithmSettings.Origin.STAFF)


def test_every_training_uses_the_chosen_settings() -> None:
    registry.choose(propose(**QUICK))
    tasks.train(algorithms=["svd"])
    assert (svd().settings["n_factors"], svd().settings["lr"]) == (4, 0.007)
    assert train(["svd"], settings={"svd": {"n_epochs": 4}}).versions.get().settings["n_factors"] == 4


def test_after_a_training_with_other_settings_the_schedule_goes_on_with_them() -> None:
    train(["svd"], settings={"svd": QUICK})
    more_events()
    before = svd()
    tasks.train(algorithms=["svd"])
    assert svd() != before
    assert svd().settings == before.settings
    assert TrainingPlan.objects.get(algorithm="svd").chosen == propose(**QUICK)


def test_what_was_live_before_there_were_plans_keeps_its_settings() -> None:
    train(["svd"], settings={"svd": QUICK})
    TrainingPlan.objects.all().delete()
    more_events()
    tasks.train(algorithms=["svd"])
    assert svd().settings["n_factors"] == QUICK["n_factors"]


def test_settings_that_staff_choose_while_a_scheduled_training_runs_are_not_undone() -> None:
    train(["svd"], settings={"svd": QUICK})
    before, chosen = svd(), propose(**OTHER)
    more_events()
    train(["svd"], is_scheduled=True, progress=lambda done, what: registry.choose(chosen) if done > 0.9 else None)
    assert svd() == before
    assert TrainingPlan.objects.get(algorithm="svd").chosen == chosen


def test_tuning_proposes_its_best_settings_and_staff_choose_them() -> None:
    said = command("tune", "popular", "--trials", "6")
    proposed = AlgorithmSettings.objects.filter(origin="tuning").first()
    if proposed is None:
        assert "Nothing was better than the defaults." in said
        return
    assert f"models choose {proposed.pk}" in said
    assert registry.chosen_settings("popular") == {}
    command("models", "choose", str(proposed.pk))
    assert registry.chosen_settings("popular") == proposed.settings
    assert str(proposed.pk) in command("models", "settings")


def test_settings_that_mean_nothing_are_refused_with_a_sentence() -> None:
    for settings, sentence in (({"n_fctors": 5}, "has no setting"), ({"n_factors": "5"}, "a whole number is needed")):
        with pytest.raises(ValidationError, match=sentence):
            AlgorithmSettings(algorithm="svd", settings=settings).full_clean()
    with pytest.raises(ValidationError, match="Those are settings of svd"):
        TrainingPlan(algorithm="als", chosen=propose(**QUICK)).full_clean()


def test_equal_settings_are_one_row() -> None:
    assert propose(**QUICK) == propose(**QUICK, lr=0.007)
    assert str(propose(**QUICK)) == "svd with n_epochs 3, n_factors 4"
    assert str(propose()) == "svd with the defaults"


def test_a_roll_back_returns_to_the_settings_before_and_the_schedule_stays_with_them() -> None:
    train(["svd"], settings={"svd": QUICK})
    train(["svd"], settings={"svd": OTHER})
    registry.rollback()
    assert svd().settings["n_factors"] == QUICK["n_factors"]
    more_events()
    tasks.train(algorithms=["svd"])
    assert svd().settings["n_factors"] == QUICK["n_factors"]


def test_the_schedule_does_not_put_back_what_was_rolled_back() -> None:
    train(["svd", "popular"], settings={"svd": QUICK})
    first = live()
    more_events()
    tasks.train(algorithms=["svd", "popular"])
    second = live()
    assert second != first
    registry.rollback()
    ratings(seed=3)
    tasks.train(algorithms=["svd", "popular"])
    assert live() == first
    job = Job.objects.latest("pk")
    assert (job.state, ModelVersion.objects.count()) == ("skipped", 4)
    assert f"svd is held: {second} was rolled back. Promote or train it by hand to go on." in job.message


def test_a_roll_back_while_a_scheduled_training_runs_is_not_undone() -> None:
    train(["svd"], settings={"svd": QUICK})
    first = live()
    more_events()
    tasks.train(algorithms=["svd"])
    ratings(seed=3)
    rolled_back: list[Release] = []

    def progress(done: float, what: str) -> None:
        if done > 0.9 and not rolled_back:
            rolled_back.append(registry.rollback())

    train(["svd"], is_scheduled=True, progress=progress)
    assert rolled_back == [first]
    assert live() == first


@pytest.mark.parametrize("by_hand", ["promote", "train"])
def test_staff_who_promote_or_train_let_the_schedule_go_on(by_hand: str) -> None:
    train(["svd"], settings={"svd": QUICK})
    more_events()
    tasks.train(algorithms=["svd"])
    second = live()
    registry.rollback()
    if by_hand == "promote":
        registry.promote(second)
    else:
        train(["svd"])
    ratings(seed=3)
    before = svd()
    tasks.train(algorithms=["svd"])
    assert svd() != before


def test_a_model_is_taken_out_and_the_schedule_does_not_put_it_back() -> None:
    registry.publish([ready("svd"), ready("popular"), ready("als", popular_model(ids(1, 2, 3)))])
    before = live()
    after = registry.take_out("als")
    assert live() == after
    assert set(after.versions.values_list("algorithm", flat=True)) == {"svd", "popular"}
    assert "als" not in after.weights
    assert after.replaced == before
    with pytest.raises(NothingToDo, match="als is held: It was taken out of"):
        train(["als"], is_scheduled=True)
    registry.rollback()
    assert live() == before
    assert registry.held(["als"]) == {}


def test_taking_out_says_why_it_can_not() -> None:
    with pytest.raises(NothingLive, match="nothing to take out"):
        registry.take_out("svd")
    release = registry.publish([ready("svd")])
    with pytest.raises(CannotPromote, match=f"{release} has no als. It has: svd."):
        registry.take_out("als")
    with pytest.raises(CannotPromote, match="svd is the only model"):
        registry.take_out("svd")
    assert live() == release


def test_a_model_is_taken_out_by_the_command_and_by_a_job() -> None:
    registry.publish([ready("svd"), ready("popular"), ready("ease", popular_model(ids(1, 2, 3)))])
    assert "without ease" in command("models", "take-out", "ease")
    tasks.take_out(Job.objects.create(kind="take_out", title="Take out").pk, "popular")
    assert Job.objects.latest("pk").message.startswith(f"{live()} is live, without popular.")
    assert list(live().versions.values_list("algorithm", flat=True)) == ["svd"]


def test_training_on_unchanged_data_says_so_and_does_nothing() -> None:
    tasks.train(algorithms=["svd", "popular"])
    release, versions = live(), ModelVersion.objects.count()
    tasks.train(algorithms=["svd", "popular"])
    job = Job.objects.latest("pk")
    assert (job.state, live(), ModelVersion.objects.count()) == ("skipped", release, versions)
    assert "training again would change nothing" in job.message
    assert "Nothing was done. Events, catalogue and settings" in command("train", "svd", "popular")
    assert f"Release {release.pk + 1} is live" in command("train", "popular", "--again")


@pytest.mark.parametrize("change", ["events", "settings", "seed"])
def test_whatever_changes_is_trained_on(change: str) -> None:
    tasks.train(algorithms=["svd"])
    before = svd()
    if change == "events":
        more_events()
    elif change == "settings":
        registry.choose(propose(**QUICK))
    tasks.train(algorithms=["svd"], seed=7 if change == "seed" else training.SEED)
    assert svd() != before


def test_another_catalogue_is_news_for_those_who_read_it_alone() -> None:
    Item.objects.update(description="A story of the sea.", categories=["Sea"])
    tasks.train(algorithms=["svd", "content"])
    before = svd()
    Item.objects.update(description="Another story of the sea.")
    tasks.train(algorithms=["svd", "content"])
    assert svd() == before
    assert ModelVersion.objects.filter(algorithm="content").count() == 2


def test_only_what_is_new_is_trained() -> None:
    tasks.train(algorithms=["svd"])
    before = svd()
    tasks.train(algorithms=["svd", "popular"])
    assert svd() == before
    assert set(live().versions.values_list("algorithm", flat=True)) == {"svd", "popular"}
