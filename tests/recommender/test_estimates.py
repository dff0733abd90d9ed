"""What a release would achieve, from lists that a placement drew: right where truth is known, or refused in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from interactions.schema import new_event_id
from recommender import merchandising, serving
from recommender.engine.estimates.off_policy import Estimate, estimate
from recommender.engine.estimates.ranks import KEPT
from recommender.insight.impressions import randomised, recording
from recommender.models import DEFAULT, Attribution, ListImpression, ModelVersion, Release
from recommender.operations import estimate as operations
from recommender.operations.estimate import Candidate, NothingRandomised
from recommender.serving import Request, randomising
from recommender.tasks import estimating
from recsite.platform import jobs
from recsite.platform.audit import SYSTEM
from recsite.platform.models import Job
from tests.admin.staff import Staff
from tests.api.clients import ApiClient
from tests.recommender.drawn_lists import LENGTH, LOOK, click, clicked, show, truth
from tests.recommender.fixtures import Models, Shop, happened, popular, publish, set_placement, start_afresh, svd

pytestmark = pytest.mark.django_db

USERS = 400
RUNS = 40


@pytest.fixture(autouse=True)
def the_same_draws(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hour and the key of the hash are always the same, so what is drawn is as well."""
    settings.SECRET_KEY = "the same in every run of these tests"
    monkeypatch.setattr(randomising, "clock", lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def candidate(shop: Shop) -> Release:
    models: Models = {
        "svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben]),
        "popular": popular([*shop.novels[::-1], *shop.poems]),
    }
    return publish(models, promote=False)


@pytest.fixture
def drawn(shop: Shop) -> list[ListImpression]:
    set_placement(randomised_share=0.2, temperature=1.0)
    start_afresh()
    show(USERS)
    return list(ListImpression.objects.exclude(drawn_ranks=None).order_by("-served_at", "-id"))


def test_no_bias_shows_and_intervals_cover_the_truth(
    shop: Shop, candidate: Release, drawn: list[ListImpression]
) -> None:
    of = Candidate.of_release(candidate.pk)
    targets = operations._Targets(of, of.context()).of(drawn, lambda *_: None)
    logs, target = operations._logs(drawn, {}, targets, np.arange(LENGTH))
    rng, found = np.random.default_rng(2), []
    for _ in range(RUNS):
        one = estimate(replace(logs, clicks=clicked(drawn, shop, rng)), target)
        assert isinstance(one, Estimate)
        found.append(one)
    known = truth(shop, shop.novels[::-1])
    for name in ("doubly_robust", "self_normalised"):
        intervals = [getattr(one, name) for one in found]
        values = np.array([one.estimate for one in intervals])
        # The draws are the same in each run: what they are off by is within the intervals.
        assert abs(values.mean() - known) < 0.1 * known
        # Of 40 intervals at 95 %, 33 or fewer cover by bad luck once in a thousand times.
        assert sum(one.low <= known <= one.high for one in intervals) > 33
    looked = np.median([one.examination for one in found], axis=0)
    assert np.abs(looked - LOOK).max() < 0.1


def test_positions_that_pins_or_new_items_hold_are_left_out_and_named(
    shop: Shop, candidate: Release, drawn: list[ListImpression], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new item that always stands last would otherwise stop every estimate: nobody learns how far users look."""
    monkeypatch.setattr("recommender.engine.estimates.off_policy.FEWEST_EFFECTIVE", 50)
    for row in drawn:
        row.drawn_ranks = [*(row.drawn_ranks or [])[:-1], KEPT]
    ListImpression.objects.bulk_update(drawn, ["drawn_ranks"])
    click(drawn, shop)
    usual(shop)
    found = operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))
    assert isinstance(found.result, Estimate)
    assert (found.held, found.length, found.usual.shown) == ((LENGTH,), LENGTH - 1, 2 * (LENGTH - 1))
    assert f"Not counted, since pins or new items keep their place there: position {LENGTH}." in found.sentence
    for row in drawn:
        row.drawn_ranks = [KEPT] * LENGTH
    ListImpression.objects.bulk_update(drawn, ["drawn_ranks"])
    with pytest.raises(NothingRandomised, match="hold all positions"):
        operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))


def test_an_estimate_is_told_and_kept_with_the_release(
    shop: Shop, candidate: Release, drawn: list[ListImpression]
) -> None:
    click(drawn, shop)
    usual(shop)
    found = operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))
    assert isinstance(found.result, Estimate)
    interval, known = found.result.doubly_robust, truth(shop, shop.novels[::-1])
    assert interval.low < known < interval.high
    assert (found.lists, found.users, found.earlier, found.length) == (USERS, USERS, 0, LENGTH)
    assert (found.usual.lists, found.usual.shown, found.usual.clicks) == (2, 8, 1)
    assert "would get" in found.sentence
    assert "The 2 other lists of these days got 0.5, a click-through of 12.50%." in found.sentence
    candidate.refresh_from_db()
    assert candidate.estimates[DEFAULT]["sentence"] == found.sentence
    told = Staff("viewer", "view")
    assert found.sentence in told.page(f"/admin/recommender/release/{candidate.pk}/change/")
    page = told.page("/admin/compare/estimates/", release=candidate.pk)
    assert f"{interval.estimate:.3g} ({interval.low:.3g} to {interval.high:.3g})" in page


def usual(shop: Shop) -> None:
    """Two lists of the same time that were not drawn, with one click."""
    first = ListImpression.objects.order_by("served_at")[0]
    for number in range(2):
        row = ListImpression.objects.create(
            recommendation_id=new_event_id(),
            user_id=f"other-{number}",
            kind=first.kind,
            placement=DEFAULT,
            algorithm="popular",
            items=first.items,
            sources=first.sources,
            first_rank=1,
            served_at=first.served_at,
        )
    Attribution.objects.create(
        recommendation_id=row.recommendation_id,
        item_id=row.items[0],
        served_at=row.served_at,
        rank=1,
        event_id=new_event_id(),
        acted_at=row.served_at,
        by_id=True,
    )


def test_the_list_of_then_holds_what_was_clicked_later(shop: Shop) -> None:
    """Made from the events of today it would leave out what the user bought since: every click would be lost."""
    set_placement(randomised_share=0.2)
    start_afresh()
    serving.recommend(Request("ada", LENGTH))
    recording.flush()
    row = ListImpression.objects.get()
    row.drawn_ranks, row.drawn_of, row.temperature = [1, 2, 3, 4], 12, 0.5
    happened(shop.ada, shop.novels[0], "purchase", days_ago=-0.01)
    of = Candidate.of_release(shop.release.pk)
    found = operations._Targets(of, of.context()).of([row], lambda *_: None)
    assert found[row.pk] == [item.pk for item in shop.novels[:LENGTH]]


def test_what_a_model_learned_later_of_a_user_is_left_out(shop: Shop, candidate: Release) -> None:
    """A list from before the training is made by folding in what the user had done by then: here nothing."""
    set_placement(randomised_share=0.2)
    start_afresh()
    serving.recommend(Request("ada", LENGTH))
    recording.flush()
    row = ListImpression.objects.get()
    row.drawn_ranks, row.drawn_of, row.temperature = [1, 2, 3, 4], 12, 0.5
    ModelVersion.objects.update(created_at=timezone.now() + timedelta(hours=1))
    start_afresh()
    of = Candidate.of_release(candidate.pk)
    found = operations._Targets(of, of.context()).of([row], lambda *_: None)
    assert found[row.pk] == [item.pk for item in shop.novels[::-1][:LENGTH]]


def test_earlier_lists_are_counted_said_and_left_out_where_somebody_says_so(
    shop: Shop, candidate: Release, drawn: list[ListImpression]
) -> None:
    click(drawn, shop)
    ModelVersion.objects.filter(releases=candidate).update(created_at=timezone.now() + timedelta(hours=1))
    start_afresh()
    found = operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))
    assert found.earlier == USERS
    assert "400 of the 400 lists were shown before it was trained" in found.sentence
    with pytest.raises(NothingRandomised, match=r"since Release \d+ was trained.*take the earlier lists"):
        operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk), is_later_only=True)


def test_a_draft_and_a_model_are_estimated_as_well(shop: Shop, candidate: Release, drawn: list[ListImpression]) -> None:
    click(drawn, shop)
    placement = merchandising.find(DEFAULT)
    with pytest.raises(NothingRandomised, match="has no draft"):
        operations.candidate(DEFAULT)
    draft = {"filter": 'category == "Novels"', "new_item_share": 0}
    merchandising.save_draft(placement, draft, placement.draft_version, actor=SYSTEM)
    found = operations.estimate_at(DEFAULT, operations.candidate(DEFAULT))
    assert isinstance(found.result, Estimate)
    assert found.result.doubly_robust.low < truth(shop, shop.novels) < found.result.doubly_robust.high
    number = candidate.members.get(algorithm="popular").version_id
    model = operations.estimate_at(DEFAULT, operations.candidate(DEFAULT, model=number))
    assert isinstance(model.result, Estimate)
    assert f"Model {number} would get" in model.sentence
    assert not Release.objects.exclude(estimates={}).exists()


def test_where_nothing_is_drawn_the_sentence_says_what_to_do(shop: Shop, candidate: Release) -> None:
    with pytest.raises(NothingRandomised, match=r"Publish a revision with a randomised share, such as 0\.05"):
        operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))
    set_placement(randomised_share=0.05)
    with pytest.raises(NothingRandomised, match="5 % of the answers are: wait until users have seen some"):
        operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))


def test_a_placement_whose_lists_are_the_same_for_all_is_refused_before_anything_is_queued(
    shop: Shop, candidate: Release, api: ApiClient
) -> None:
    merchandising.create("hits", "popular", actor=SYSTEM)
    said = "hits can't be estimated: no list of its kind (popular items) is ever drawn at random. Choose a placement"
    with pytest.raises(NothingRandomised) as refused:
        operations.estimate_at("hits", Candidate.of_release(candidate.pk))
    assert str(refused.value).startswith(said)
    answer = api.post(f"releases/{candidate.pk}/estimate", {"placement": "hits"})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["placement"].startswith(said)
    assert not Job.objects.exists()


def test_too_few_clicks_and_too_few_users_are_refused_in_words_and_kept(shop: Shop, candidate: Release) -> None:
    set_placement(randomised_share=0.2, temperature=1.0)
    start_afresh()
    show(60)
    told = operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))
    assert "can't be estimated at default. Too few clicks around position 2" in told.sentence
    rows = randomised.lists(DEFAULT, timezone.now() - timedelta(days=1))
    for seed in range(3):
        Attribution.objects.all()._raw_delete("default")
        click(rows, shop, seed)
    told = operations.estimate_at(DEFAULT, Candidate.of_release(candidate.pk))
    assert "Too few users have seen enough of what this list would show" in told.sentence
    candidate.refresh_from_db()
    kept = candidate.estimates[DEFAULT]
    assert (kept["refusal"] in told.sentence, kept["doubly_robust"]) == (True, None)
    assert "–" in Staff("viewer", "view").page("/admin/compare/estimates/")


def test_the_job_the_command_and_the_api_say_the_same(
    shop: Shop, candidate: Release, drawn: list[ListImpression], api: ApiClient
) -> None:
    click(drawn, shop)
    answer = api.post(f"releases/{candidate.pk}/estimate", {"placement": DEFAULT})
    assert (answer.status_code, answer.json()["kind"]) == (202, "estimate")
    job = jobs.create("estimate", "Estimate", actor=SYSTEM)
    estimating.estimate_candidate(job.pk, DEFAULT, release=candidate.pk)
    job.refresh_from_db()
    assert job.state == "succeeded"
    out = StringIO()
    call_command("estimate", str(candidate.pk), stdout=out)
    assert job.message in out.getvalue()
    assert "how far users look" in out.getvalue()
    (told,) = api.get(f"releases/{candidate.pk}").json()["estimates"]
    assert told["sentence"] == job.message
    wrong = api.post(f"releases/{candidate.pk}/estimate", {"placement": "nowhere"})
    assert (wrong.status_code, "no placement" in wrong.content.decode()) == (422, True)
    assert api.post("releases/99999/estimate", {"placement": DEFAULT}).status_code == 404


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name one: the number of a RELEASE"),
        (["99999"], "There is no release 99999"),
        (["--model", "99999"], "There is no model 99999"),
        (["--draft"], "has no draft to estimate"),
    ],
)
def test_a_command_that_can_not_be_done_says_why(shop: Shop, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("estimate", *arguments)


def test_the_page_starts_a_job_for_those_who_may_operate(shop: Shop, candidate: Release) -> None:
    asked: Any = {"candidate": str(candidate.pk), "placement": DEFAULT}
    assert Staff("viewer", "view").post("/admin/compare/estimates/", **asked).status_code == 403
    operator = Staff("operator", "recommender.view_release", "recommender.operate", "platform.view_job")
    assert "No placement draws lists now" in operator.page("/admin/compare/estimates/")
    assert "/admin/platform/job/" in operator.post("/admin/compare/estimates/", **asked).headers["Location"]
    assert Job.objects.get().title == f"Estimate release {candidate.pk} at default"
    wrong = operator.post("/admin/compare/estimates/", candidate="x", placement="nowhere")
    assert (wrong.status_code, Job.objects.count()) == (200, 1)
