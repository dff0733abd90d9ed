import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from recommender import registry
from recommender.models import Release
from tests import factories
from tests.recommender.models import factor_model, ids, ready

pytestmark = pytest.mark.django_db


def run(*words: object) -> str:
    out = StringIO()
    call_command("models", *map(str, words), stdout=out)
    return out.getvalue()


def live(algorithm: str = "popular") -> Release:
    return registry.publish([ready(algorithm)])


def refused(*words: object) -> str:
    with pytest.raises(CommandError) as error:
        run(*words)
    assert error.value.returncode == 1
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_models_every_listing_says_what_to_do() -> None:
    assert run("list") == "There are no models yet: run 'train'.\n"
    assert run("verify") == "There are no models yet: run 'train'.\n"


def test_the_list_shows_releases_and_versions_with_their_figures() -> None:
    figures = {"metrics": {"rmse": 0.8765, "ndcg_at_10": 0.0321}, "beside": {"popular": {"ndcg_at_10": 0.05}}}
    svd = ready("svd", metrics=figures, n_events=979_478)
    release = registry.publish([svd])
    failed = registry.start_version("svd", {}, seed=1)
    registry.fail_version(failed, "There are no ratings.")
    releases, in_force, versions = run("list").split("\n\n")
    assert in_force.startswith("Release")
    assert releases.splitlines()[1].split()[:4] == [str(release.pk), "live", "svd", str(svd.pk)]
    headings, first, second = versions.splitlines()
    assert headings.split()[:4] == ["VERSION", "ALGORITHM", "STATE", "RMSE"]
    assert first.split()[:3] == [str(failed.pk), "svd", "failed"]
    assert first.endswith("There are no ratings.")
    assert second.split()[:7] == [str(svd.pk), "svd", "ready", "0.876", "0.032", "0.050", "979478"]


def test_the_list_can_be_cut_short() -> None:
    for _ in range(3):
        live()
    releases, _, versions = run("list", "--limit", 1).split("\n\n")
    assert (len(releases.splitlines()), len(versions.splitlines())) == (2, 2)


def test_the_newest_candidate_is_promoted() -> None:
    live()
    registry.bundle([ready()])
    newest = registry.bundle([ready()])
    assert run("promote") == f"Release {newest.pk} is live.\n"
    assert registry.live_release() == newest


def test_a_release_is_promoted_by_its_number() -> None:
    first, _ = live(), live()
    run("promote", first.pk)
    assert registry.live_release() == first


def test_a_version_is_promoted_with_the_rest_of_the_live_release() -> None:
    before = live("popular")
    svd = ready("svd")
    run("promote", "--version", svd.pk)
    now = registry.live_release()
    assert now is not None
    assert set(now.versions.all()) == {svd, before.versions.get()}


def test_rolling_back_returns_to_the_release_before() -> None:
    first, _ = live(), live()
    assert run("rollback") == f"Release {first.pk} is live again.\n"
    assert registry.live_release() == first


def test_reloading_says_which_release() -> None:
    release = live()
    assert run("reload") == f"Release {release.pk} is whole, and is being read again.\n"


def test_a_model_is_carried_from_one_place_to_another(tmp_path: Path) -> None:
    items = ids(*(item.pk for item in factories.items(3)))
    version = ready("svd", factor_model(ids(factories.ada().pk), items))
    folder = tmp_path / "carried"
    assert f"svd {version.pk} is in {folder}" in run("export", version.pk, folder)
    said = run("import", folder)
    candidate = Release.objects.get()
    assert "100% of its items and 100% of its users are known here" in said
    assert said.endswith(f"models promote {candidate.pk}\n")
    run("promote", candidate.pk)
    assert registry.live_release() == candidate


def test_whole_models_are_verified() -> None:
    first, second = ready(), ready()
    assert [line.split(",")[0] for line in run("verify").splitlines()] == [
        f"popular {second.pk}: whole",
        f"popular {first.pk}: whole",
    ]
    assert run("verify", first.pk).startswith(f"popular {first.pk}: whole")


def test_a_damaged_model_is_named_and_the_exit_code_says_so() -> None:
    whole, damaged = ready(), ready()
    shutil.rmtree(storages["models"].path(damaged.artifact))
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 of 2 versions can't be served\.") as error:
        call_command("models", "verify", stdout=out)
    assert error.value.returncode == 1
    assert f"popular {damaged.pk}: There is no manifest.json" in out.getvalue()
    assert f"popular {whole.pk}: whole" in out.getvalue()


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "no version 99" in refused("export", 99, tmp_path / "out")
    assert "no version 99" in refused("verify", 99)
    assert "no version 99" in refused("promote", "--version", 99)
    assert "no release 99" in refused("promote", 99)
    assert "no candidate" in refused("promote")
    assert "nothing to roll back" in refused("rollback")
    assert "nothing to read again" in refused("reload")
    assert "is no folder" in refused("import", tmp_path / "nowhere")
    live()
    assert "replaced no other release" in refused("rollback")
    assert "not both" in refused("promote", 1, "--version", 1)


def test_an_unfinished_version_is_not_promoted() -> None:
    version = registry.start_version("svd", {}, seed=1)
    assert "is training" in refused("promote", "--version", version.pk)
    assert not Release.objects.exists()
