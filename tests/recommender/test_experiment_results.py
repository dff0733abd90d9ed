"""What an experiment says is computed in the database, and is what the mathematics says of the same users."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db.models import F
from django.utils import timezone

from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.readings import Decision
from recommender.insight.experiments import results, sums, verbs
from recommender.insight.experiments.moments import read_sums
from recommender.models import Experiment, ExperimentBaseline, ExperimentDay
from recommender.serving import experiments
from recsite.platform.audit import SYSTEM
from tests.admin.staff import Staff
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop, ask
from tests.recommender.test_impressions import add_up, do

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
FIRST = date(2026, 5, 1)


def visitors(experiment: Experiment, amount: int, days: int, rates: dict[str, float], seed: int = 1) -> None:
    """Users of both variants who come now and then, and click at the rate of their variant."""
    rng = np.random.default_rng(seed)
    rows, before = [], []
    for number in range(amount):
        variant, user_id = "AB"[number % 2], f"visitor-{number}"
        activity = rng.gamma(2.0, 0.5)
        shown = 10 * int(1 + rng.poisson(2 * activity))
        clicks = int(rng.binomial(shown, 0.1 * min(activity, 3)))
        before.append(ExperimentBaseline(experiment=experiment, user_id=user_id, lists=1, shown=shown, clicked=clicks))
        for day in sorted(rng.choice(days, size=min(days, 2), replace=False).tolist()):
            lists = int(1 + rng.poisson(activity))
            rate = min(rates[variant] * activity, 0.9)
            told = {"lists": lists, "shown": 10 * lists, "clicked": int(rng.binomial(10 * lists, rate))}
            day_of = FIRST + timedelta(days=int(day))
            rows.append(ExperimentDay(experiment=experiment, user_id=user_id, variant=variant, day=day_of, **told))
    ExperimentDay.objects.bulk_create(rows)
    ExperimentBaseline.objects.bulk_create(before)
    sums.rebuild(experiment)


def expected(experiment: Experiment, variant: str, until: date) -> Moments:
    """The same sums, user by user."""
    totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for row in ExperimentDay.objects.filter(experiment=experiment, variant=variant, day__lte=until):
        totals[row.user_id][0] += row.clicked
        totals[row.user_id][1] += row.shown
    for before in ExperimentBaseline.objects.filter(experiment=experiment, user_id__in=totals):
        totals[before.user_id][2:] = [before.clicked, before.shown]
    return Moments.of(*np.array(list(totals.values())).T)


def test_the_sums_of_the_database_are_those_of_the_users(db: None) -> None:
    experiment = begin(guardrails={"conversions_per_user": 0.1})
    visitors(experiment, 60, 5, {"A": 0.1, "B": 0.1})
    ExperimentDay.objects.create(experiment=experiment, user_id="visitor-0", variant="B", day=FIRST, shown=99)
    sums.rebuild(experiment)
    read = read_sums(experiment, ["conversions_per_user", "click_rate"], ["A", "B"])
    assert read.crossed == 1
    ExperimentDay.objects.filter(user_id="visitor-0").delete()
    for number, day in enumerate(read.days):
        for variant in "AB":
            found, wanted = read.by_metric["click_rate"][variant].so_far, expected(experiment, variant, day)
            assert found.n[number] == wanted.n == read.users[variant][number]
            np.testing.assert_allclose(found.sums[number], wanted.sums)
            np.testing.assert_allclose(found.products[number], wanted.products)
    per_user = read.by_metric["conversions_per_user"]["A"].so_far
    assert per_user.sums[-1].tolist() == [0, per_user.n[-1], 0, per_user.n[-1]]
    daily = read.by_metric["click_rate"]["A"].daily
    rows = ExperimentDay.objects.filter(variant="A", day=read.days[1])
    assert daily.n[1] == rows.count()
    assert daily.sums[1, 1] == sum(rows.values_list("shown", flat=True))


def test_an_effect_that_fades_is_no_winner_yet_whatever_it_was_so_far(db: None) -> None:
    experiment, rng = begin(), np.random.default_rng(1)
    ExperimentDay.objects.bulk_create(
        ExperimentDay(
            experiment=experiment,
            user_id=f"visitor-{day}-{number}",
            variant="AB"[number % 2],
            day=FIRST + timedelta(days=day),
            lists=4,
            shown=40,
            clicked=int(rng.binomial(40, 0.1 * (1 + (number % 2) * (1 - day / 7)))),
        )
        for day in range(8)
        for number in range(400)
    )
    sums.rebuild(experiment)
    found = results.result_of(experiment)
    assert (found.decision, found.winner) == (Decision.BETTER_BUT_WAIT, None)
    assert found.sentence.endswith("so far, but the effect fades from day to day: wait.")
    assert found.novelty["B"].sentence.startswith("The effect fades from day to day")
    assert results.webhook_payload(experiment, found)["winner"] is None
    page = Staff("viewer", "recommender.view_experiment").page(f"/admin/recommender/experiment/{experiment.pk}/change/")
    assert "but the effect fades from day to day: wait." in page
    assert "sure enough to ship" not in page


def test_a_better_variant_is_found_and_the_words_say_by_how_much(db: None) -> None:
    experiment = begin(minimum_lift=0.2)
    visitors(experiment, 3_000, 10, {"A": 0.10, "B": 0.14})
    found = results.result_of(experiment)
    assert (found.decision, found.winner, found.variant) == (Decision.BETTER, "B", "B")
    assert found.sentence.startswith("B is better by ")
    assert found.sentence.endswith("sure enough to ship.")
    assert found.users == {"A": 1_500, "B": 1_500}
    first, last = found.days[0], found.days[-1]
    assert last.lift.high - last.lift.low < first.lift.high - first.lift.low
    assert found.reading
    assert found.reading.comparisons[0].effect.width_factor < 0.95, "The period before takes noise out."
    told = results.as_json(experiment, found)
    assert 0.2 < told["comparisons"][0]["lift"]["estimate"] < 0.6
    assert results.webhook_payload(experiment, found)["winner"] == "B"


def test_users_who_are_not_split_as_planned_stop_the_reading(db: None) -> None:
    experiment = begin(shares=(0.9, 0.1))
    visitors(experiment, 400, 3, {"A": 0.1, "B": 0.3})
    found = results.result_of(experiment)
    assert (found.decision, found.winner, found.variant) == (Decision.UNREADABLE, None, None)
    assert found.sentence.startswith("Don't read this result")


def test_an_experiment_of_the_same_says_so(db: None) -> None:
    same = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]
    experiment = begin(kind="aa", variants=same, minimum_lift=0.5)
    visitors(experiment, 2_000, 10, {"A": 0.1, "B": 0.1})
    found = results.result_of(experiment)
    assert (found.decision, found.winner) == (Decision.INSIDE_THE_NOISE, None)
    assert found.sentence.startswith("No difference, as it should be.")
    ExperimentDay.objects.filter(variant="B").update(clicked=0)
    sums.rebuild(experiment)
    assert results.result_of(experiment).sentence.startswith("The variants show the same and yet differ")


def test_before_anybody_has_seen_it_nothing_is_said(db: None) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    assert results.result_of(draft).sentence == results.NEVER_STARTED
    experiment = verbs.start(draft, actor=SYSTEM)
    found = results.result_of(experiment)
    assert (found.decision, found.sentence, found.users) == ("too_early", results.NOBODY_YET, {"A": 0, "B": 0})
    assert results.as_json(experiment, found)["sample_ratio"] is None


def test_the_whole_way_from_lists_that_are_shown_to_a_result_that_finds_nothing(shop: Shop) -> None:
    same = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]
    experiment = begin(kind="aa", variants=same)
    rng = np.random.default_rng(3)
    shown: dict[str, Any] = {}
    for number in range(240):
        answer = shown[f"visitor-{number}"] = ask(f"visitor-{number}", limit=5)
        if rng.random() < 0.3:
            do(answer.user_id, answer.items[0].item_id, "click", answer.recommendation_id)
    add_up()
    found = results.result_of(experiment)
    assert sum(found.users.values()) == 240
    experiment.refresh_from_db()
    assert sums.stored(experiment).keys() == sums.added_up(experiment).keys()
    assert found.users["A"] == sum(answer.variant == "leads:A" for answer in shown.values())
    assert found.decision == Decision.TOO_EARLY
    assert found.reading
    assert found.reading.sample_ratio.passed
    assert found.days[-1].day == timezone.now().date()
    assert experiments.variant_of("default", "visitor-0") == shown["visitor-0"].variant


def test_what_falls_beside_the_winner_is_in_the_sentence(db: None) -> None:
    experiment = begin(minimum_lift=0.2)
    visitors(experiment, 3_000, 10, {"A": 0.10, "B": 0.14})
    # The lists of B vary less, which no guardrail watches.
    for variant, share in (("A", 0.8), ("B", 0.4)):
        own = ExperimentDay.objects.filter(experiment=experiment, variant=variant)
        own.update(varied=F("lists") * share + F("clicked") % 3 * 0.05)
    sums.rebuild(experiment)
    found = results.result_of(experiment)
    assert found.decision == Decision.BETTER
    assert "sure enough to ship. Diversity is worse by " in found.sentence
    assert found.sentence.endswith("no guardrail watches it, so weigh that yourself.")


def test_a_shipped_experiment_gives_no_advice_any_more(db: None) -> None:
    experiment = begin(minimum_lift=0.2, guardrails={"conversions_per_user": 0.01})
    visitors(experiment, 3_000, 10, {"A": 0.10, "B": 0.14})
    assert results.result_of(experiment).sentence.endswith(": wait.")
    verbs.stop(experiment, "Enough.", actor=SYSTEM)
    experiment.refresh_from_db()
    assert results.result_of(experiment).sentence.endswith("; it was stopped before that was sure.")
    verbs.note_shipped(experiment, "B", "It is better.", actor=SYSTEM)
    experiment.refresh_from_db()
    said = results.result_of(experiment).sentence
    assert said.startswith("B was shipped: everybody gets it. What the experiment showed: B is better by ")
    assert "wait" not in said
    page = Staff("viewer", "recommender.view_experiment").page(f"/admin/recommender/experiment/{experiment.pk}/change/")
    assert said in page
