"""Analysts make experiments, run them, read them and ship the winner, by the API alone."""

from datetime import date
from typing import Any

import pytest

from recommender.insight.experiments import sums
from recommender.models import Experiment, ExperimentDay, Placement, Release
from recommender.registry import live_release
from recsite.platform.models import AuditEntry
from tests.api.clients import ApiClient, details
from tests.recommender.experiment_fixtures import defined
from tests.recommender.fixtures import POEMS, Shop, look_again, publish, svd
from tests.recommender.test_experiment_results import visitors

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
ADA = "recommendations/users/ada"


def conflict(answer: Any) -> dict[str, str]:
    """The sentences of a 409."""
    assert answer.status_code == 409, answer.content
    found: dict[str, str] = answer.json()["error"]["details"]
    return found


def make(api: ApiClient, **rest: Any) -> dict[str, Any]:
    answer = api.post("experiments", defined(**rest))
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_from_a_draft_to_the_winner_that_everybody_gets(api: ApiClient, shop: Shop) -> None:
    told = make(api, shares=(0.0001, 0.9999))
    assert (told["state"], told["variants"][1]["algorithm"], told["kind"]) == ("draft", "popular", "ab")
    assert api.get(ADA).json()["variant"] is None
    assert api.post("experiments/leads/start", {}).json()["state"] == "running"
    look_again()
    answer = api.get(ADA).json()
    assert (answer["variant"], answer["items"][0]["item_id"]) == ("leads:B", POEMS[0])
    told = api.post("experiments/leads/assign", {"user_id": "ada"}).json()
    assert told == {"experiment": "leads", "user_id": "ada", "variant": "B"}
    result = api.get("experiments/leads/results").json()
    assert (result["decision"], result["users"]) == ("too_early", {"A": 0, "B": 0})
    assert details(api.post("experiments/leads/ship", {}))["variant"].startswith("Name one: there is no winner.")
    refused = details(api.post("experiments/leads/ship", {"variant": "B"}))
    assert refused["reason"].endswith("Say why you ship B all the same.")
    shipped = api.post("experiments/leads/ship", {"variant": "B", "reason": "We like it."}).json()
    assert (shipped["variant"], shipped["experiment"]["state"]) == ("B", "stopped")
    assert shipped["sentence"].endswith("of default is live.")
    look_again()
    answer = api.get(ADA).json()
    assert (answer["variant"], answer["algorithm"]) == (None, "popular")
    live = Placement.objects.get(name="default").live
    assert live
    assert live.note == "Experiment leads: We like it."
    assert api.post("experiments/leads/ship", {"variant": "B"}).json()["sentence"] == "B was shipped already."
    assert api.post("experiments/leads/archive", {}).json()["state"] == "archived"
    verbs = AuditEntry.objects.filter(object_type__in=["experiment", "placement"]).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "experiment.create",
        "experiment.start",
        "experiment.stop",
        "placement.publish",
        "experiment.ship",
        "experiment.archive",
    ]


def test_a_winner_needs_no_reason_and_a_release_is_promoted(api: ApiClient, shop: Shop) -> None:
    other = publish({"svd": svd(shop.novels, shop.poems, [shop.ben, shop.ada])}, promote=False)
    variants = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "release": other.pk}]
    make(api, variants=variants, minimum_lift=0.2)
    api.post("experiments/leads/start", {})
    visitors(Experiment.objects.get(), 2_000, 6, {"A": 0.1, "B": 0.15})
    result = api.get("experiments/leads/results").json()
    assert (result["winner"], result["sample_ratio"]["passed"]) == ("B", True)
    roles = {one["metric"]: one["role"] for one in result["comparisons"]}
    assert roles.pop("clicks per item shown") == "primary"
    assert {"amount per user", "latency"} <= set(roles)
    assert set(roles.values()) == {"also"}
    assert api.post("experiments/leads/ship", {}).json()["sentence"] == f"Release {other.pk} is live."
    assert live_release() == other == Release.objects.get(state="live")
    assert AuditEntry.objects.filter(verb="release.promote").latest("pk").reason.startswith("Experiment leads: B is ")


def test_pausing_and_stopping(api: ApiClient, shop: Shop) -> None:
    make(api)
    assert "it can't be paused" in conflict(api.post("experiments/leads/pause", {}))["experiment"]
    api.post("experiments/leads/start", {})
    assert api.post("experiments/leads/pause", {}).json()["state"] == "paused"
    assert api.post("experiments/leads/assign", {"user_id": "ada"}).json()["variant"] is None
    answer = api.post("experiments/leads/stop", {"reason": "Enough."})
    assert (answer.status_code, answer.json()["state"]) == (200, "stopped")
    assert AuditEntry.objects.get(verb="experiment.stop").reason == "Enough."


def test_what_is_wrong_is_said_and_what_is_unknown_is_not_found(api: ApiClient, shop: Shop) -> None:
    make(api)
    again = api.post("experiments", defined())
    assert (again.status_code, conflict(again)) == (
        409,
        {"key": "There is an experiment 'leads' already. Choose another key."},
    )
    assert set(details(api.post("experiments", {}))) == {"key", "hypothesis", "placement", "variants"}
    assert api.get("experiments/nothing").status_code == 404
    assert api.post("experiments/nothing/start", {}).status_code == 404
    assert [one["key"] for one in api.get("experiments").json()["experiments"]] == ["leads"]
    assert api.get("experiments/leads").json()["hypothesis"] == defined()["hypothesis"]


def test_a_placement_whose_lists_no_model_leads_has_no_algorithm_to_compare(api: ApiClient, shop: Shop) -> None:
    api.post("placements", {"name": "best", "kind": "popular"})
    said = details(api.post("experiments", defined(placement="best")))["variants"]
    assert said.startswith("B: algorithm: Lists of this kind (popular items) don't have it.")


def test_results_of_users_who_crossed_are_told(api: ApiClient, shop: Shop) -> None:
    make(api)
    api.post("experiments/leads/start", {})
    day = date(2026, 5, 1)
    for variant in "AB":
        ExperimentDay.objects.create(
            experiment=Experiment.objects.get(), user_id="ada", variant=variant, day=day, shown=1
        )
    sums.rebuild(Experiment.objects.get())
    result = api.get("experiments/leads/results").json()
    assert (result["crossed_users"], result["users"]) == (1, {"A": 0, "B": 0})
