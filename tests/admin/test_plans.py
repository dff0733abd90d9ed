"""Staff choose the settings of each algorithm, and take a model out of the release."""

import pytest

from recommender import registry, tasks
from recommender.engine.algorithms import ALGORITHMS
from recommender.models import AlgorithmSettings, TrainingPlan
from recsite.platform.models import Job
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

PLANS = "/admin/recommender/trainingplan/"
SETTINGS = "/admin/recommender/algorithmsettings/"
VERSIONS = "/admin/recommender/modelversion/"


@pytest.fixture
def quick(admin: Staff) -> AlgorithmSettings:
    admin.post(f"{SETTINGS}add/", algorithm="svd", settings='{"n_factors": 4}', note="For a try.")
    return AlgorithmSettings.objects.get()


def test_every_algorithm_has_a_plan(admin: Staff) -> None:
    page = admin.page(PLANS)
    for name in ALGORITHMS:
        assert name in page
    assert "the defaults" in page


def test_a_plan_names_the_scheduled_trainings_that_train_it(admin: Staff, shop: Shop) -> None:
    page = admin.page(PLANS)
    assert "svd the defaults train it: Retrain and promote, Rebuild everything" in page
    assert "bpmf the defaults train it: Rebuild everything" in page
    assert "als the defaults do not train it; manage.py train als does" in page
    assert "manage.py train als does" in admin.page(f"{PLANS}als/change/")


def test_settings_are_made_and_chosen(admin: Staff, quick: AlgorithmSettings) -> None:
    assert (quick.origin, quick.created_by) == ("staff", admin.user)
    admin.act(f"{SETTINGS}{quick.pk}/choose/")
    assert registry.chosen_settings("svd") == {"n_factors": 4}
    assert "svd with n_factors 4" in admin.page(PLANS)
    assert "Chosen for every training." in admin.page(f"{SETTINGS}{quick.pk}/history/")


def test_a_plan_offers_the_settings_of_its_algorithm_alone(admin: Staff, quick: AlgorithmSettings) -> None:
    registry.ensure_plans()
    assert "svd with n_factors 4" in admin.page(f"{PLANS}svd/change/")
    assert "svd with n_factors 4" not in admin.page(f"{PLANS}als/change/")
    admin.post(f"{PLANS}svd/change/", chosen=quick.pk, held="Not at night.")
    plan = TrainingPlan.objects.get(algorithm="svd")
    assert (plan.chosen, plan.held) == (quick, "Not at night.")
    assert "leave it out: Not at night." in admin.page(PLANS)


def test_settings_that_mean_nothing_are_refused_in_a_sentence(admin: Staff) -> None:
    answer = admin.post(f"{SETTINGS}add/", algorithm="svd", settings='{"n_fctors": 4}')
    assert "has no setting" in answer.content.decode()
    assert not AlgorithmSettings.objects.exists()


def test_a_live_model_is_taken_out(admin: Staff, shop: Shop) -> None:
    version = shop.release.versions.get(algorithm="popular")
    page = admin.get(f"{VERSIONS}{version.pk}/change/").content.decode()
    assert f"{VERSIONS}{version.pk}/take_out/" in page
    assert f"{VERSIONS}{version.pk}/promote/" not in page
    admin.act(f"{VERSIONS}{version.pk}/take_out/")
    tasks.take_out(Job.objects.latest("pk").pk, "popular")
    live = registry.live_release()
    assert live is not None
    assert not live.versions.filter(algorithm="popular").exists()
    assert "leave it out: It was taken out of" in admin.page(PLANS)
