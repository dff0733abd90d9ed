from pathlib import Path
from typing import Any

import numpy as np
import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.core.files.storage import storages

from recommender import registry
from recommender.dataset import load_everything
from recommender.engine.types import CannotFit
from recommender.models import ModelVersion, Release
from recommender.registry import artifacts
from recommender.registry.exceptions import CannotTrain
from recommender.training import engines
from recommender.training import train as training
from recommender.training.train import summary, train
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.jobs import Cancelled
from recsite.platform.locks import exclusive
from tests import factories
from tests.factories import ada
from tests.recommender.events import happened, ratings

pytestmark = pytest.mark.django_db

QUICK = {"svd": {"n_factors": 4, "n_epochs": 3}}


def versions(algorithm: str) -> list[ModelVersion]:
    return list(ModelVersion.objects.filter(algorithm=algorithm).order_by("pk"))


def stored_files() -> list[Path]:
    return list(Path(storages["models"].path("")).rglob("*.*"))


def test_training_makes_a_live_release_of_a_rating_model_and_a_ranking_source() -> None:
    ratings()
    release = train(settings=QUICK)
    assert release == registry.live_release()
    assert {member.algorithm: member.role for member in release.members.all()} == {
        "svd": "rating",
        "popular": "ranking",
    }
    for version in release.versions.all():
        assert version.state == ModelVersion.State.READY
        assert artifacts.verify(version.artifact, version.checksum) > 0


def test_a_version_says_what_it_was_trained_on_and_how() -> None:
    ratings(people=12, items=20, each=10)
    staff = get_user_model().objects.create_user("operator")
    version = train(["svd"], seed=7, started_by=staff, settings=QUICK).versions.get()
    assert (version.n_users, version.n_items, version.n_events) == (12, 20, 120)
    assert (version.seed, version.started_by) == (7, staff)
    assert version.settings["n_factors"] == 4
    assert version.data_from == factories.NOON
    assert version.data_until is not None
    assert version.data_until > factories.NOON
    assert len(version.data_hash) == 64
    assert version.fit_seconds is not None
    assert version.duration_seconds is not None
    assert version.duration_seconds >= version.fit_seconds


def test_metrics_stand_beside_those_of_popularity() -> None:
    ratings()
    version = train(["svd"], settings=QUICK).versions.get()
    own, popular = version.metrics["metrics"], version.metrics["beside"]["popular"]
    assert {"rmse", "mae", "ndcg_at_10", "recall_at_10", "coverage_at_10"} <= own.keys()
    assert own["rmse"] > 0
    assert popular["ndcg_at_10"] is not None
    assert version.metrics["k"] == 10
    assert "for all users alike" in version.metrics["protocol"]


def test_events_without_times_are_judged_at_random_and_it_says_so() -> None:
    books = factories.items(10)
    for number in range(5):
        reader = factories.person(f"reader-{number}")
        for place, book in enumerate(books):
            happened(reader, book, "rating", value=1 + (number + place) % 5, undated=True)
    version = train(["svd"], settings=QUICK).versions.get()
    assert "random" in version.metrics["protocol"]
    assert (version.data_from, version.data_until) == (None, None)


def test_the_same_seed_and_data_give_the_same_model() -> None:
    ratings()
    first = train(["svd"], settings=QUICK).versions.get()
    second = train(["svd"], settings=QUICK).versions.get()
    other = train(["svd"], settings=QUICK, seed=43).versions.get()
    factors = [
        artifacts.load(version.artifact, version.checksum).model.arrays()["item_factors"]
        for version in (first, second, other)
    ]
    np.testing.assert_array_equal(factors[0], factors[1])
    assert not np.array_equal(factors[0], factors[2])
    assert first.data_hash == second.data_hash


def test_without_promotion_it_is_a_candidate_and_the_live_release_stays() -> None:
    ratings()
    live = train(settings=QUICK)
    candidate = train(["svd"], promote=False, settings=QUICK)
    assert candidate.state == Release.State.CANDIDATE
    assert registry.live_release() == live
    assert candidate.versions.count() == 2


def test_what_is_popular_goes_live_where_nothing_can_be_factorised(monkeypatch: pytest.MonkeyPatch) -> None:
    happened(ada(), factories.item(), "impression")
    happened(ada(), factories.item(), "purchase")
    happened(ada(), factories.item(), "dislike")
    refuse(monkeypatch, "svd")
    release = train()
    assert [version.algorithm for version in release.versions.all()] == ["popular"]
    (failed,) = versions("svd")
    assert (failed.state, failed.error) == ("failed", "There are no ratings.")
    assert f"svd {failed.pk} was not trained: There are no ratings." in summary(release)


def refuse(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Has the algorithms of these names say that they can't be fitted."""
    fit = training._fit

    def refusing(version: ModelVersion, *args: Any) -> ModelVersion:
        if version.algorithm in names:
            raise CannotFit("There are no ratings.")
        return fit(version, *args)

    monkeypatch.setattr(training, "_fit", refusing)


def test_an_algorithm_that_fails_leaves_its_live_model_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings()
    (svd,) = train(["svd"], settings=QUICK).versions.all()
    refuse(monkeypatch, "svd")
    assert svd in train(settings=QUICK).versions.all()


def test_where_nothing_can_be_fitted_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings()
    refuse(monkeypatch, "svd", "popular")
    with pytest.raises(CannotTrain, match=r"There are no ratings\."):
        train()
    assert not Release.objects.exists()


def test_without_events_there_is_nothing_to_train_on_and_no_version() -> None:
    with pytest.raises(CannotTrain, match="There are no events"):
        train()
    assert not ModelVersion.objects.exists()


def test_impressions_alone_are_nothing_to_learn_from() -> None:
    happened(ada(), factories.item(), "impression")
    with pytest.raises(CannotTrain, match="There are no ratings"):
        train()
    assert {version.state for version in ModelVersion.objects.all()} == {"failed"}


@pytest.mark.parametrize("kind", ["rating", "view", "dislike"])
def test_a_single_event_is_enough_to_go_live(kind: str) -> None:
    happened(ada(), factories.item(), kind, value=4.0 if kind == "rating" else None)
    assert train(settings=QUICK) == registry.live_release()
    assert not ModelVersion.objects.filter(state=ModelVersion.State.TRAINING).exists()


@pytest.mark.parametrize(
    ("algorithms", "wrong", "words"),
    [
        (["oracle"], {}, "no algorithm called 'oracle'"),
        (["svd"], {"svd": {"depth": 3}}, "no setting 'depth'"),
        (["svd"], {"svd": {"n_factors": 0}}, "n_factors"),
        (["svd"], {"svd": {"n_factors": "many"}}, "a whole number is needed"),
        (["svd"], {"svd": {"n_factors": True}}, "a whole number is needed"),
        (["svd"], {"svd": {"lr": "fast"}}, "a number is needed"),
    ],
)
def test_a_wrong_name_or_setting_is_refused_before_anything_is_read(
    algorithms: list[str], wrong: dict[str, dict[str, Any]], words: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), pytest.raises(CannotTrain, match=words):
        train(algorithms, settings=wrong)


def test_one_training_of_an_algorithm_at_a_time() -> None:
    ratings()
    with exclusive(registry.training_lock("svd")), pytest.raises(AlreadyRunning, match="training of svd"):
        train(settings=QUICK)
    with exclusive(registry.training_lock("svd")):
        assert train(["popular"]).versions.get().algorithm == "popular"


def test_progress_runs_from_nothing_to_everything_in_words() -> None:
    ratings()
    told: list[tuple[float, str]] = []
    train(settings=QUICK, progress=lambda done, what: told.append((done, what)))
    shares = [done for done, _ in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0.9 < shares[-1] <= 1
    words = " ".join(what for _, what in told)
    for part in ("reading the events", "svd: evaluating", "svd: fitting", "popular: "):
        assert part in words


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (Cancelled, "Stopped"),
        (KeyboardInterrupt, "Stopped"),
        (SoftTimeLimitExceeded, "TASK_TIME_LIMIT_SECS"),
        (MemoryError, "failed unexpectedly"),
    ],
)
def test_work_that_is_stopped_leaves_a_failed_version_and_no_files(stop: type[BaseException], words: str) -> None:
    ratings()

    def progress(done: float, what: str) -> None:
        if "svd: fitting" in what:
            raise stop

    with pytest.raises(stop):
        train(settings=QUICK, progress=progress)
    (version,) = versions("svd")
    assert version.state == ModelVersion.State.FAILED
    assert words in version.error
    assert not Release.objects.exists()
    assert stored_files() == []


def test_a_disk_that_is_full_leaves_no_half_written_version(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings()
    save = np.save

    def fill(path: Path, array: Any, **options: Any) -> None:
        if path.name == "item_factors.npy":
            raise OSError(28, "No space left on device")
        save(path, array, **options)

    monkeypatch.setattr(np, "save", fill)
    with pytest.raises(OSError, match="No space left"):
        train(settings=QUICK)
    assert [version.state for version in versions("svd")] == ["failed"]
    assert "No space left on device" in versions("svd")[0].error
    assert stored_files() == []


def test_old_versions_are_pruned(settings: Any) -> None:
    settings.MODEL_VERSIONS_KEPT = 2
    ratings()
    for _ in range(3):
        train(["popular"])
    assert [version.state for version in versions("popular")] == ["archived", "ready", "ready"]


def test_the_summary_names_release_versions_and_figures() -> None:
    ratings()
    release = train(settings=QUICK)
    (svd,), (popular,) = versions("svd"), versions("popular")
    words = summary(release)
    assert words.startswith(f"Release {release.pk} is live: svd {svd.pk} (RMSE {svd.metrics['metrics']['rmse']:.3f}")
    assert f"popular {popular.pk}" in words


def test_what_learns_from_events_alone_reads_no_texts_and_no_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings()
    asked: list[set[str]] = []
    load = load_everything

    def noting(reads: Any, until: Any) -> Any:
        asked.append(set(reads))
        return load(reads, until)

    monkeypatch.setattr(engines, "load_everything", noting)
    train(["svd", "popular"], settings=QUICK)
    train(["content"])
    assert asked == [set(), {"tokens"}]
