from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import storages

from recommender import registry
from recommender.models import ModelVersion, Release, ReleaseModel
from recommender.registry import artifacts
from recommender.registry.exceptions import CannotTrain
from recsite.platform.locks import exclusive
from tests.recommender.models import ids, popular_model, ready

pytestmark = pytest.mark.django_db


def folders() -> list[str]:
    root = Path(storages["models"].path(""))
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in root.rglob("manifest.json"))


def states(*versions: ModelVersion) -> list[str]:
    return [ModelVersion.objects.get(pk=version.pk).state for version in versions]


def test_a_version_in_training_has_a_place_for_its_files_but_none_yet() -> None:
    staff = get_user_model().objects.create_user("operator")
    version = registry.start_version("popular", {"k": 1}, seed=7, by=staff)
    assert (version.state, version.settings, version.seed, version.started_by) == ("training", {"k": 1}, 7, staff)
    assert version.artifact.startswith("popular/")
    assert folders() == []


def test_a_finished_version_is_ready_and_its_files_are_whole() -> None:
    version = ready(n_users=2, metrics={"k": 10})
    assert version.state == "ready"
    assert version.metrics == {"k": 10}
    assert version.duration_seconds is not None
    assert folders() == [version.artifact]
    manifest = artifacts.load(version.artifact, version.checksum).manifest
    assert (manifest["algorithm"], manifest["n_users"], manifest["metrics"]) == ("popular", 2, {"k": 10})


def test_a_version_is_not_ready_before_its_files_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    save = artifacts.save

    def look_first(*args: Any) -> str:
        seen.extend(ModelVersion.objects.values_list("state", flat=True))
        return save(*args)

    monkeypatch.setattr(artifacts, "save", look_first)
    ready()
    assert seen == ["training"]


def test_a_version_that_was_given_up_does_not_become_ready() -> None:
    version = registry.start_version("popular", {}, seed=1)
    registry.give_up("popular")
    with pytest.raises(CannotTrain, match="was given up"):
        registry.finish_version(version, popular_model(ids(1)))
    assert states(version) == ["failed"]
    registry.reap()
    assert folders() == []


def test_a_failed_version_says_why_and_leaves_no_files() -> None:
    version = registry.start_version("popular", {}, seed=1)
    artifacts.save(version.artifact, popular_model(ids(1)), {})
    registry.fail_version(version, "There are no ratings.")
    version.refresh_from_db()
    assert (version.state, version.error, version.artifact) == ("failed", "There are no ratings.", "")
    assert version.finished_at is not None
    assert folders() == []


def test_a_ready_version_does_not_fail_any_more() -> None:
    version = ready()
    registry.fail_version(version, "Too late.")
    assert states(version) == ["ready"]


def test_versions_that_nobody_trains_any_more_are_failed() -> None:
    version = registry.start_version("svd", {}, seed=1)
    artifacts.save(version.artifact, popular_model(ids(1)), {})
    assert registry.reap() == 1
    version.refresh_from_db()
    assert version.state == "failed"
    assert "Train again" in version.error
    assert folders() == []


def test_versions_in_training_are_left_alone() -> None:
    version = registry.start_version("svd", {}, seed=1)
    with exclusive(registry.training_lock("svd")):
        assert registry.reap() == 0
    assert states(version) == ["training"]


def test_a_bundle_holds_the_new_versions_and_the_rest_of_the_live_release() -> None:
    svd, popular = ready("svd"), ready("popular")
    registry.promote(registry.bundle([svd, popular]))
    newer = ready("svd")
    release = registry.bundle([newer])
    assert release.state == "candidate"
    assert {member.algorithm: member.version for member in release.members.all()} == {"svd": newer, "popular": popular}
    assert {member.algorithm: member.role for member in release.members.all()} == {
        "svd": ReleaseModel.Role.RATING,
        "popular": ReleaseModel.Role.RANKING,
    }


def test_a_bundle_keeps_the_weights_of_the_live_release() -> None:
    release = registry.promote(registry.bundle([ready("svd")]))
    assert release.weights == {"svd": 1.0}
    Release.objects.filter(pk=release.pk).update(weights={"svd": 0.4})
    assert registry.bundle([ready("popular")]).weights == {"svd": 0.4, "popular": 0.0}


def test_old_versions_are_archived_and_their_files_removed(settings: Any) -> None:
    settings.MODEL_VERSIONS_KEPT = 2
    svds, popular = [ready("svd") for _ in range(4)], ready("popular")
    assert registry.prune() == 2
    assert states(*svds, popular) == ["archived", "archived", "ready", "ready", "ready"]
    assert folders() == sorted(version.artifact for version in [*svds[2:], popular])
    assert registry.prune() == 0


def test_versions_that_are_live_or_within_reach_of_a_rollback_stay(settings: Any) -> None:
    settings.MODEL_VERSIONS_KEPT = 2
    oldest, before, serving = (ready() for _ in range(3))
    for version in (oldest, before, serving):
        registry.publish([version])
    newer = [ready() for _ in range(3)]
    registry.prune()
    assert states(oldest, before, serving, *newer) == ["archived", "ready", "ready", "archived", "ready", "ready"]
    assert registry.rollback().versions.get() == before


def test_a_candidate_whose_files_are_gone_is_no_candidate_any_more(settings: Any) -> None:
    settings.MODEL_VERSIONS_KEPT = 2
    stale = registry.bundle([ready()])
    fresh = registry.bundle([ready()])
    ready()
    registry.prune()
    stale.refresh_from_db()
    fresh.refresh_from_db()
    assert (stale.state, fresh.state) == ("archived", "candidate")


def test_files_that_could_not_be_removed_are_removed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    version = registry.start_version("popular", {}, seed=1)
    artifacts.save(version.artifact, popular_model(ids(1)), {})
    with monkeypatch.context() as patch:

        def refuse(folder: str) -> None:
            raise OSError("The storage is gone.")

        patch.setattr(artifacts, "delete", refuse)
        with pytest.raises(OSError, match="gone"):
            registry.fail_version(version, "It failed.")
    assert states(version) == ["failed"]
    assert folders() == [version.artifact]
    registry.reap()
    assert folders() == []


def test_two_versions_kept_is_the_least_a_rollback_needs() -> None:
    assert settings.MODEL_VERSIONS_KEPT >= 2
