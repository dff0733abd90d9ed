"""What staff start from a button: asked first, done by a worker, shown as a job."""

from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from recommender import registry, tasks
from recommender.models import ModelVersion, Release
from recsite.platform.models import Job
from tests import factories
from tests.admin.staff import JOBS, RELEASES, VERSIONS, Staff, job, waiting, words
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop
from tests.recommender.models import ready

LIST_ACTIONS = {"train": "rebuild", "roll_back": "roll_back", "reload": "reload", "warm": "warm"}
LIST_ACTIONS |= {"clear": "clear_cache"}


@pytest.fixture
def enqueue(django_capture_on_commit_callbacks: Any) -> Any:
    """Within it, what waits for the commit is done."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def addresses(shop: Shop) -> list[str]:
    """Every button's."""
    version, release = ready("svd"), registry.bundle([ready("popular")])
    listed = [f"{VERSIONS}{name}/" for name in LIST_ACTIONS]
    return [*listed, f"{VERSIONS}{version.pk}/promote/", f"{RELEASES}{release.pk}/promote/"]


def test_a_button_asks_first(admin: Staff, addresses: list[str]) -> None:
    for address in addresses:
        assert 'name="_form_submitted"' in admin.get(address).content.decode()
        admin.post(address)
    assert not Job.objects.exists()
    assert waiting() == []


def test_yes_makes_a_job_and_tells_the_worker(admin: Staff, addresses: list[str], enqueue: Any) -> None:
    with enqueue():
        for address in addresses:
            assert admin.act(address).status_code == 302
    # Long work waits in a queue of its own.
    told = sorted(waiting(), key=lambda one: one[1]["job_id"])
    assert [name for name, _ in told] == [*LIST_ACTIONS.values(), "promote", "promote"]
    assert [arguments["job_id"] for _, arguments in told] == list(
        Job.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert set(Job.objects.values_list("started_by", "state")) == {(admin.user.pk, "queued")}


def test_a_dialog_leads_to_the_job_without_loading_it_into_itself(admin: Staff, shop: Shop) -> None:
    answer = admin.post(f"{VERSIONS}warm/", htmx=True, _form_submitted="True")
    assert answer.headers["HX-Redirect"] == f"{JOBS}{job().pk}/change/"


def test_who_may_not_operate_has_no_button_and_is_refused(viewer: Staff, addresses: list[str]) -> None:
    for words_of_a_button in ("Train now", "Roll back", "Reload", "Warm cache"):
        assert words_of_a_button not in viewer.page(VERSIONS)
        assert words_of_a_button not in viewer.page("/admin/")
    for address in addresses:
        assert viewer.get(address).status_code == viewer.act(address).status_code == 403
    assert not Job.objects.exists()


def test_an_operator_sees_the_job_that_they_started_and_no_other(operator: Staff, admin: Staff, shop: Shop) -> None:
    assert "Train now" in operator.page(VERSIONS)
    assert "Warm the cache" in operator.follow(operator.act(f"{VERSIONS}warm/"))
    assert operator.get(f"{JOBS}{job().pk}/status/").status_code == 200
    admin.act(f"{VERSIONS}warm/")
    assert operator.get(f"{JOBS}{job().pk}/change/").status_code == 403
    assert operator.get(f"{JOBS}{job().pk}/status/").status_code == 403
    assert operator.get(JOBS).status_code == 403


def test_a_stranger_is_asked_to_sign_in(admin: Staff, addresses: list[str]) -> None:
    admin.client.logout()
    for address in addresses:
        assert admin.act(address).headers["Location"].startswith("/admin/login/")
    assert not Job.objects.exists()


def test_what_was_started_is_done(admin: Staff, shop: Shop) -> None:
    version = ready("svd")
    admin.act(f"{VERSIONS}{version.pk}/promote/")
    tasks.promote(job().pk, version_id=version.pk)
    assert "is live." in admin.page(f"{JOBS}{job().pk}/change/")
    live = registry.live_release()
    assert live is not None
    assert version in live.versions.all()
    assert live.promoted_by == admin.user


def test_promoting_shows_what_changes(admin: Staff, shop: Shop) -> None:
    live = shop.release.versions.get(algorithm="svd")
    ModelVersion.objects.filter(pk=live.pk).update(metrics={"metrics": {"rmse": 0.91}})
    better = ready("svd", metrics={"metrics": {"rmse": 0.87}})
    said = words(admin.get(f"{VERSIONS}{better.pk}/promote/"))
    assert f"Served afterwards: {better}, beside popular" in said
    assert f"RMSE: 0.870, against 0.910 of {live}." in said
    page = admin.page(f"{VERSIONS}{better.pk}/change/")
    assert f"This model {live} , live Popularity" in page
    assert "0.870 0.910" in page


def test_what_the_gate_refused_is_promoted_with_a_reason_or_not_at_all(admin: Staff, shop: Shop) -> None:
    refused = ready("svd", verdict={"passed": False, "sentence": "Its predicted ratings are worse: a lot."})
    address = f"{VERSIONS}{refused.pk}/"
    page = admin.page(f"{address}change/")
    assert "Refused. Its predicted ratings are worse: a lot." in page
    said = words(admin.get(f"{address}promote/"))
    assert f"The quality gate refused {refused}: Its predicted ratings are worse: a lot." in said
    assert "Promote it all the same, because" in said
    admin.act(f"{address}promote/")
    assert not Job.objects.exists()
    admin.act(f"{address}promote/", reason="The old one is broken.")
    tasks.promote(job().pk, version_id=refused.pk, reason="The old one is broken.")
    live = registry.live_release()
    assert live is not None
    assert live.override == "The old one is broken."
    page = admin.page(f"{RELEASES}{live.pk}/change/")
    assert "The old one is broken." in page
    assert f"The quality gate refused {refused} " in page
    assert "Its predicted ratings are worse: a lot." in page


@pytest.mark.parametrize("state", ["failed", "archived", "training"])
def test_what_can_not_be_served_has_no_button_and_is_refused_in_a_sentence(
    admin: Staff, shop: Shop, state: str
) -> None:
    version = factories.model_version("svd", state=state, error="The disk was full.")
    page = admin.page(f"{VERSIONS}{version.pk}/change/")
    assert "Promote" not in page
    assert "The disk was full." in page
    assert f"{version} is {state}, so it can't be served." in words(admin.get(f"{VERSIONS}{version.pk}/promote/"))
    admin.act(f"{VERSIONS}{version.pk}/promote/")
    tasks.promote(job().pk, version_id=version.pk)
    assert job().state == Job.State.FAILED
    assert f"{version} is {state}." in job().message
    assert registry.live_release() == shop.release


def test_what_is_live_has_no_button(admin: Staff, shop: Shop) -> None:
    version = shop.release.versions.get(algorithm="svd")
    for page in (f"{VERSIONS}{version.pk}/", f"{RELEASES}{shop.release.pk}/"):
        assert f"{page}promote/" not in admin.get(f"{page}change/").content.decode()
    assert f"{shop.release} is live already." in words(admin.get(f"{RELEASES}{shop.release.pk}/promote/"))


def test_rolling_back_says_from_what_to_what_and_means_that_alone(admin: Staff, shop: Shop, enqueue: Any) -> None:
    second = registry.publish([ready("svd")])
    third = registry.publish([ready("svd")])
    dialog = admin.get(f"{VERSIONS}roll_back/")
    assert f"Served now: {third}" in words(dialog)
    assert f"Served again afterwards: {second}" in words(dialog)
    assert f'value="{third.pk}"' in dialog.content.decode()
    with enqueue():
        for _ in range(2):
            admin.act(f"{VERSIONS}roll_back/", seen=third.pk)
    for _, arguments in waiting():
        tasks.roll_back(**arguments)
    assert registry.live_release() == second
    assert f"{third} is not live" in job().message or "is live again" in job().message
    assert sorted(Job.objects.values_list("state", flat=True)) == ["failed", "succeeded"]


def test_with_nothing_to_go_back_to_question_and_job_say_so(admin: Staff, shop: Shop) -> None:
    sentence = f"{shop.release} replaced no other release"
    assert sentence in words(admin.get(f"{VERSIONS}roll_back/"))
    admin.act(f"{VERSIONS}roll_back/", seen=shop.release.pk)
    tasks.roll_back(job().pk, release_id=shop.release.pk)
    assert sentence in admin.page(f"{JOBS}{job().pk}/change/")
    assert registry.live_release() == shop.release


def test_with_nothing_live_question_and_job_say_so(admin: Staff) -> None:
    assert "No release is live" in words(admin.get(f"{VERSIONS}roll_back/"))
    for name in ("roll_back", "reload"):
        admin.act(f"{VERSIONS}{name}/")
        getattr(tasks, name)(job().pk)
        assert job().state == Job.State.FAILED
        assert job().message.startswith("No release is live")


@pytest.mark.parametrize("pk", ["0", "999999", "x", "1.5"])
def test_what_is_not_there_can_not_be_promoted(admin: Staff, pk: str) -> None:
    for place in (VERSIONS, RELEASES):
        answer = admin.get(f"{place}{pk}/promote/")
        assert answer.status_code == admin.act(f"{place}{pk}/promote/").status_code == 404
        assert f"There is no {'model' if place == VERSIONS else 'release'} {pk}." in words(answer)
    assert not Job.objects.exists()


def test_with_the_queue_gone_one_sentence_says_so_and_the_job_has_failed(
    admin: Staff, shop: Shop, enqueue: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        monkeypatch.setattr(current_app.conf, "broker_write_url", server.url)
        monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
        with enqueue():
            answer = admin.act(f"{VERSIONS}train/")
        assert job().state == Job.State.FAILED
        page = admin.follow(answer)
    assert "The queue can't be reached: check that Redis is running, then start it again." in page


def test_figures_stand_beside_popularity(viewer: Staff) -> None:
    metrics = {
        "metrics": {"rmse": 0.8744, "ndcg_at_10": 0.1214, "users": 2000},
        "beside": {"popular": {"rmse": None, "ndcg_at_10": 0.0938}},
        "protocol": "The last fifth is the test.",
    }
    version = factories.model_version("svd", metrics=metrics, settings={"n_factors": 50, "lr": 0.0070000001})
    factories.release(version, state=Release.State.LIVE)
    assert "0.874 0.121 (0.094)" in viewer.page(VERSIONS)
    page = viewer.page(f"{VERSIONS}{version.pk}/change/")
    for said in ("The last fifth is the test.", "2,000", '"lr": 0.007,', "0.094"):
        assert said in page


def test_a_model_that_was_never_measured_says_so(viewer: Staff) -> None:
    version = factories.model_version("svd")
    assert "Nothing was measured of this model" in viewer.page(f"{VERSIONS}{version.pk}/change/")
