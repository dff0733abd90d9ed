"""Models, releases, cache and jobs are operated through the API, by the verbs of the admin."""

from typing import Any

import pytest
from django.test import Client

from recommender import registry, tasks
from recommender.models import ModelVersion, Release
from recsite.platform import jobs, queues, redis
from recsite.platform.access import Scope
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import ApiKey, AuditEntry, Job
from tests import factories
from tests.admin.staff import Staff, waiting
from tests.api.clients import V1, details
from tests.recommender.events import ratings
from tests.recommender.fixtures import NOVELS, Shop, ask, ids, publish, start_afresh, svd

pytestmark = pytest.mark.django_db
TASKS = {"train": tasks.train, "promote": tasks.promote, "roll_back": tasks.roll_back, "reload": tasks.reload}
TASKS |= {"warm": tasks.warm, "clear_cache": tasks.clear_cache}


class Operator:
    """Call the API with a key of all scopes; run the jobs that it starts as a worker would."""

    def __init__(self, commit: Any) -> None:
        self.key, secret = ApiKey.objects.create_key(name="night shift", scopes=list(Scope))
        self.client = Client(raise_request_exception=False, headers={"Authorization": f"Api-Key {secret}"})
        self.commit = commit

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(V1 + path, query)

    def post(self, path: str, body: Any = None) -> Any:
        with self.commit(execute=True):
            if body is None:
                return self.client.generic("POST", V1 + path)
            return self.client.post(V1 + path, body, content_type="application/json")

    def job(self, path: str, body: Any = None) -> dict[str, Any]:
        """Start a job, run it, and return what its address says then."""
        answer = self.post(path, body)
        assert answer.status_code == 202, answer.content
        assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json()['id']}"
        name, arguments = waiting()[0]
        redis.roundtrip(("DEL", *queues.NAMES))
        with self.commit(execute=True):
            TASKS[name](**arguments)
        return dict(self.client.get(answer.headers["Location"]).json())


@pytest.fixture
def operator(db: None, django_capture_on_commit_callbacks: Any) -> Operator:
    start_afresh()
    return Operator(django_capture_on_commit_callbacks)


def recorded(verb: str) -> AuditEntry:
    """Return the latest change by this verb; the shop's first release was promoted too."""
    return AuditEntry.objects.filter(verb=verb).latest("pk")


def test_a_training_is_a_job_that_says_what_it_did(operator: Operator) -> None:
    ratings()
    done = operator.job("models/train", {"algorithms": ["popular"], "seed": 7})
    assert (done["state"], done["progress"], done["is_over"]) == ("succeeded", 1.0, True)
    assert done["started_by"].startswith("night shift (")
    assert done["door"] == "api"
    version = ModelVersion.objects.get()
    assert (version.algorithm, version.seed, version.state) == ("popular", 7, "ready")
    live = registry.live_release()
    assert live
    for verb, number in (("model.train", version.pk), ("release.promote", live.pk)):
        entry = recorded(verb)
        assert (entry.actor_kind, entry.door, entry.object_id) == ("key", "api", str(number))
        assert entry.actor == f"night shift ({operator.key.prefix})" == done["started_by"]
    assert operator.get(f"releases/{live.pk}").json()["promoted_by"] == done["started_by"]
    assert operator.get(f"models/{version.pk}").json()["started_by"] == done["started_by"]
    boss = Staff("boss", is_superuser=True)
    for page in ("release/", f"release/{live.pk}/change/", f"modelversion/{version.pk}/change/"):
        assert done["started_by"] in boss.page(f"/admin/recommender/{page}")


def test_who_made_a_release_live_is_told_whoever_it_was(operator: Operator, shop: Shop) -> None:
    def told() -> Any:
        return operator.get(f"releases/{shop.release.pk}").json()["promoted_by"]

    AuditEntry.objects.all().delete()
    assert told() is None
    other = publish({"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben])})
    for actor, name in (
        (Actor.command("models"), "models"),
        (Actor.schedule("Train and promote"), "the schedule"),
        (Actor(Kind.STAFF, "boss", "admin"), "boss"),
    ):
        registry.promote(other)
        registry.promote(shop.release, actor=actor)
        assert told() == name


def test_models_and_releases_are_listed_the_newest_first(operator: Operator, shop: Shop) -> None:
    candidate = publish({"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben])}, promote=False)
    models = operator.get("models").json()["models"]
    assert [one["id"] for one in models] == sorted((one["id"] for one in models), reverse=True)
    assert [one["is_live"] for one in models] == [False, True, True]
    first = operator.get("models", limit=2).json()
    rest = operator.get("models", limit=2, cursor=first["next_cursor"]).json()
    assert [*first["models"], *rest["models"]] == models
    assert rest["next_cursor"] is None
    assert operator.get(f"models/{models[0]['id']}").json() == models[0]
    releases = operator.get("releases").json()["releases"]
    assert [(one["id"], one["state"]) for one in releases] == [(candidate.pk, "candidate"), (shop.release.pk, "live")]
    assert operator.get("releases", state="live").json()["releases"] == releases[1:]
    assert operator.get(f"releases/{candidate.pk}").json() == releases[0]
    for path in ("models/999", "releases/999", "jobs/999"):
        assert operator.get(path).status_code == 404
    assert details(operator.get("models", state="odd"))


def test_a_release_is_promoted_and_rolled_back(operator: Operator, shop: Shop) -> None:
    candidate = publish({"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben])}, promote=False)
    assert operator.job(f"releases/{candidate.pk}/promote")["state"] == "succeeded"
    assert registry.live_release() == candidate
    entry = recorded("release.promote")
    assert (entry.before, entry.after["release"], entry.actor_kind) == (
        {"release": shop.release.pk},
        candidate.pk,
        "key",
    )
    assert operator.job("releases/rollback", {"release": candidate.pk})["state"] == "succeeded"
    assert registry.live_release() == shop.release
    assert recorded("release.roll_back").object_id == str(shop.release.pk)
    refused = operator.post("releases/rollback")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")


def test_a_rollback_of_a_release_that_is_not_live_changes_nothing(operator: Operator, shop: Shop) -> None:
    candidate = publish({"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben])}, promote=False)
    assert operator.job(f"releases/{candidate.pk}/promote")["state"] == "succeeded"
    unknown = operator.post("releases/rollback", {"release": candidate.pk + 99})
    assert details(unknown) == {"release": f"There is no release {candidate.pk + 99}."}
    assert operator.job("releases/rollback", {"release": shop.release.pk})["state"] == "failed"
    assert registry.live_release() == candidate


def test_what_the_gate_refused_needs_a_reason_and_keeps_it(operator: Operator, shop: Shop) -> None:
    candidate = publish({"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben])}, promote=False)
    version = candidate.versions.get(algorithm="svd")
    registry.record_verdict(version, {"passed": False, "sentence": "Its lists are worse."})
    assert operator.get(f"releases/{candidate.pk}").json()["refusals"] == [f"{version}: Its lists are worse."]
    assert "Its lists are worse." in details(operator.post(f"releases/{candidate.pk}/promote"))["reason"]
    assert not Job.objects.exists()
    operator.job(f"releases/{candidate.pk}/promote", {"reason": "The campaign"})
    assert Release.objects.get(pk=candidate.pk).override == recorded("release.promote").reason == "The campaign"


def test_the_models_are_read_again(operator: Operator, shop: Shop) -> None:
    assert operator.job("models/reload")["message"] == f"{shop.release} is being read again."
    assert recorded("release.reload").object_id == str(shop.release.pk)


def test_the_cache_is_filled_and_cleared(operator: Operator, shop: Shop) -> None:
    assert operator.job("cache", {"everybody": True})["message"].startswith("The lists of 3 users are made")
    assert recorded("cache.warm").object_id == "everybody"
    assert ask(shop.ada).cache_hit
    before = operator.get("cache").json()
    done = operator.job("cache/clear")
    assert "keys are deleted" in done["message"]
    assert recorded("cache.clear").actor_kind == "key"
    after = operator.get("cache").json()
    assert after["generation"] != before["generation"]
    again = ask(shop.ada)
    assert not again.cache_hit
    assert ids(again)[:6] == NOVELS


def test_a_job_is_cancelled_once(operator: Operator) -> None:
    job = jobs.create("train", "Train now")
    told = operator.post(f"jobs/{job.pk}/cancel").json()
    assert (told["state"], told["is_over"]) == ("cancelled", True)
    assert recorded("job.cancel").object_id == str(job.pk)
    again = operator.post(f"jobs/{job.pk}/cancel")
    assert again.status_code == 409
    assert again.json()["error"]["details"] == {"job_id": "The job is over: cancelled. There is nothing to cancel."}
    assert [one["id"] for one in operator.get("jobs", state="cancelled").json()["jobs"]] == [job.pk]
    assert operator.get("jobs", state="running").json()["jobs"] == []


@pytest.mark.parametrize(("path", "name"), [("jobs", "kind"), ("models", "algorithm")])
def test_a_filter_that_no_row_can_have_is_refused(operator: Operator, path: str, name: str) -> None:
    assert operator.get(path, **{name: "x" * 50}).status_code == 200
    told = details(operator.get(path, **{name: "x" * 51}))
    assert told == {name: "At most 50 characters are possible; these are 51."}


WRONG: list[tuple[str, Any, dict[str, str]]] = [
    ("models/train", {"algorithms": ["magic"]}, {"algorithms": "Value 1: One of "}),
    ("models/train", {"algorithms": []}, {"algorithms": "At least 1 value is needed."}),
    ("models/train", {"promote": "yes"}, {"promote": "Either true or false is needed. This is a text: "}),
    ("models/train", {"speed": 1}, {"speed": "There is no such field. Known: algorithms, seed, promote."}),
    ("models/reload", {"now": True}, {"now": "There is no such field. This address takes none."}),
    ("cache", [], {"body": "An object is needed."}),
]


@pytest.mark.parametrize(("path", "body", "sentences"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_body_starts_nothing(operator: Operator, path: str, body: Any, sentences: dict[str, str]) -> None:
    told = details(operator.post(path, body))
    assert told.keys() == sentences.keys()
    assert all(told[name].startswith(sentence) for name, sentence in sentences.items())
    assert not Job.objects.exists()


def test_the_installation_is_summed_up(operator: Operator, shop: Shop) -> None:
    factories.event(shop.ada, shop.novels[0])
    for state in (Job.State.SUCCEEDED, Job.State.SUCCEEDED, Job.State.RUNNING):
        Job.objects.create(kind="train", title="Train", state=state)
    told = operator.get("stats").json()
    assert (told["users"], told["items"], told["are_exact"], told["release"]) == (3, 12, True, shop.release.pk)
    assert told["models"] == {"ready": 2}
    assert told["jobs"] == {"succeeded": 2, "running": 1}
