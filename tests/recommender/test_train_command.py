from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from recommender import registry
from recommender.models import ModelVersion, Release
from recsite.platform.locks import exclusive
from tests.recommender.events import ratings

pytestmark = pytest.mark.django_db

QUICK = "n_epochs=3"


def run(*words: str) -> str:
    out = StringIO()
    call_command("train", *words, stdout=out)
    return out.getvalue()


def test_it_trains_promotes_and_says_so_in_one_line() -> None:
    ratings()
    said = run("--set", QUICK)
    release = registry.live_release()
    assert release is not None
    assert said.startswith(f"Release {release.pk} is live: svd ")
    assert "RMSE" in said
    assert "popular 0." in said
    assert said.count("\n") == 1


def test_without_promotion_it_makes_a_candidate() -> None:
    ratings()
    assert "is a candidate" in run("popular", "--no-promote")
    assert registry.live_release() is None
    assert Release.objects.get().state == Release.State.CANDIDATE


def test_settings_and_seed_reach_the_algorithm() -> None:
    ratings()
    run("svd", "--seed", "7", "--set", QUICK, "--set", "n_factors=5", "--set", "svd.reg=0.1")
    version = ModelVersion.objects.get()
    assert version.seed == 7
    assert {name: version.settings[name] for name in ("n_epochs", "n_factors", "reg")} == {
        "n_epochs": 3,
        "n_factors": 5,
        "reg": 0.1,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["oracle"], "no algorithm called 'oracle'"),
        (["oracle", "--set", "n_factors=5"], "no algorithm called 'oracle'"),
        (["svd", "--set", "depth=5"], "--set depth: no such setting. svd has n_factors"),
        (["svd", "--set", "svd.depth=5"], "no setting 'depth'"),
        (["svd", "--set", "popular.ceiling=5"], "popular is not being trained"),
        (["svd", "--set", "n_factors"], "write NAME=VALUE"),
        (["svd", "--set", "n_factors=many"], "n_factors is 'many', but a whole number is needed"),
        ([], "There are no events to train on"),
    ],
)
def test_what_can_not_be_trained_is_one_sentence(words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as error:
        run(*words)
    assert error.value.returncode == 1
    assert "\n" not in str(error.value)


def test_while_one_trains_another_is_told_so() -> None:
    ratings()
    with (
        exclusive(registry.training_lock("svd")),
        pytest.raises(CommandError, match="The training of svd is already being worked on"),
    ):
        run("svd")


def test_ctrl_c_leaves_a_failed_version_and_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings()

    def interrupt(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recommender.training.train.evaluate", interrupt)
    with pytest.raises(CommandError, match="Stopped") as error:
        run("svd")
    assert error.value.returncode == 130
    assert ModelVersion.objects.get().state == ModelVersion.State.FAILED
