"""At least one row in every table, with values as long as real ones."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from catalog.models import Category, EndUser, Erasure, ItemEmbedding, MergedUser
from interactions.models import BehaviourWindow, DeadLetter, FileImport, IgnoredLetters, ImportRun, OutboxMessage
from interactions.store import store
from recommender import registry
from recommender.insight import item_totals
from recommender.insight.experiments import verbs
from recommender.models import (
    AlgorithmSettings,
    Attribution,
    CoPurchase,
    CoVisit,
    DailyImpressions,
    DriftReport,
    ExperimentAnswers,
    ExperimentBaseline,
    ExperimentDay,
    ExperimentSums,
    Exposure,
    HourlyImpressions,
    ItemDay,
    ItemImpressions,
    ListImpression,
    ListKind,
    PositionImpressions,
    Shadow,
    ShadowDay,
    TrendingScore,
    TuningTrial,
)
from recsite.platform import audit, jobs
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import (
    AlertEpisode,
    AlertMessage,
    AlertSilence,
    AlertSubscription,
    ApiKey,
    FeedCursor,
    Generation,
    IdempotentRequest,
    Job,
    ScheduleDefault,
    StaffLogin,
)
from recsite.platform.webhooks import endpoints, events
from recsite.platform.webhooks.endpoints import EndpointSettings
from tests import factories
from tests.recommender.experiment_fixtures import defined
from tests.recommender.fixtures import Shop, happened

LONG_ID = "urn:isbn:978-0-14-143951-8:antoine-de-saint-exupery-0811"
REASON = "There is no item 978-0-14-143951-8, and UNKNOWN_ITEM_POLICY=reject keeps events of unknown items out."


def fill_tables(shop: Shop) -> None:
    """Put rows into every table of the admin."""
    for number in range(60):
        happened(shop.ada, shop.novels[number % 6], "rating", 4, days_ago=number)
    _fill_catalogue(shop)
    _fill_data(shop)
    _fill_platform()
    _fill_models(shop)
    _fill_impressions(shop)


def _fill_catalogue(shop: Shop) -> None:
    Category.objects.create(name="Novels", description="Long stories in prose.")
    Erasure.objects.create(digest=b"0" * 32)
    factories.item("gone").delete()
    vector = [0.5] * settings.FEATURE_VECTOR_DIMENSION
    ItemEmbedding.objects.create(item=shop.novels[0], model_version=1, vector=vector)
    CoVisit.objects.create(item_id=shop.novels[0].pk, other_id=shop.novels[1].pk, sessions=1_234_567)
    CoPurchase.objects.create(item_id=shop.novels[0].pk, other_id=shop.novels[1].pk, users=3)
    ItemDay.objects.create(item_id=shop.novels[0].pk, day=timezone.now().date(), users=1)
    TrendingScore.objects.create(item_id=shop.novels[0].pk, score=1)


def _fill_data(shop: Shop) -> None:
    payload = {
        "user_id": "ada",
        "item_id": LONG_ID,
        "type": "view",
        "event_id": str(factories.event("a", "b").event_id),
    }
    DeadLetter.objects.create(source="api", reason="There is no item x.", payload={"item_id": "x"})
    DeadLetter.objects.create(source="import", topic="user-events", reason=REASON, payload=payload, attempts=12_345)
    FileImport.objects.create(name=f"{LONG_ID}.csv", size=1_234_567_890, received=1_234, by="clerk")
    IgnoredLetters.objects.create(kind="unknown_item", named=LONG_ID, by="clerk")
    OutboxMessage.objects.create(topic="reviews", key="ada", value=b'{"version": 1}')
    ImportRun.objects.create(format="csv", source="a.csv", fingerprint="f", counts={"events": 3})
    ImportRun.objects.create(
        format="goodbooks",
        source="/srv/recsite/imports/2026-11-30/goodbooks-10k-ratings-and-tags.csv.gz",
        fingerprint="0123456789abcdef" * 4,
        counts={"events": 5_976_479, "items": 10_000, "people": 53_424, "rejected": 1_234},
        finished_at=timezone.now() + timedelta(hours=2, minutes=5),
    )
    written = {"title": "Good", "text": "Very good, and read again on 2026-11-30: 1,234 pages of it."}
    now = timezone.now()
    store(
        [
            factories.event("ada", "", "login", at=now),
            factories.event("ada", shop.novels[0], "rating", 5, review=written),
        ]
    )
    BehaviourWindow.objects.create(start=now, views=1_234_567, carts=456_789, purchases=123_456, active_users=98_765)


def _fill_platform() -> None:
    MergedUser.objects.create(user_id=f"visitor-{LONG_ID}", into=EndUser.objects.earliest("pk"))
    HourlyImpressions.objects.create(
        hour=timezone.now().replace(minute=0, second=0, microsecond=0),
        kind=ListKind.USER,
        placement="below-the-details-of-an-item-on-phones",
        algorithm="segment_popular",
        lists=1_234_567,
        places=12_345_670,
        places_clicked=345_678,
        answers=1_234_567,
        cache_hits=1_111_111,
    )
    Generation.objects.get_or_create(name="release", defaults={"value": 1})
    ApiKey.objects.create_key(name="shop")
    clerk, script = Actor(Kind.STAFF, "clerk", "admin"), Actor.command("train")
    shown, hidden = {"is_available": True, "title": "Emma " * 20}, {"is_available": False, "title": "Emma"}
    audit.record(clerk, "item.change", "item", LONG_ID, before=shown, after=hidden, reason="Out of print. " * 20)
    audit.record(script, "release.promote", "release", 12, after={"release": 12})
    asked = EndpointSettings(f"https://shop.example/{'hooks' * 40}", events.known())
    endpoints.send_test(endpoints.create(asked, actor=clerk), actor=clerk)
    FeedCursor.objects.get_or_create(name="attribution")
    ScheduleDefault.objects.create(name="Retrain and promote")
    nightly = CrontabSchedule.objects.create(minute="0", hour="3")
    PeriodicTask.objects.create(name="Train at night", task="recommender.tasks.train", crontab=nightly)
    owner = User.objects.create_user("owner-of-a-token")
    StaffLogin.objects.create(user=owner, expires_at=timezone.now() + timedelta(days=1))
    IdempotentRequest.objects.create(key="0" * 64, request="0" * 64, status=202)
    AlgorithmSettings.objects.create(algorithm="svd", settings={"n_factors": 4})
    registry.ensure_plans()
    _fill_alerts()
    for state in Job.State.values:
        job = jobs.create("train", "Train and promote")
        message = f"Release 1234 is {state}: svd 1233 (RMSE 0.674, nDCG@10 0.018), popular 1232 (nDCG@10 0.103)."
        Job.objects.filter(pk=job.pk).update(state=state, message=message, log=f"00:34:50 {message}\n" * 3)


def _fill_alerts() -> None:
    now = timezone.now()
    told = AlertSubscription.objects.create(email=f"{'operations-of-the-night' * 2}@shop.example", kinds=["redis"])
    episode = AlertEpisode.objects.create(key="redis", kind="redis", severity="down", sentence=REASON, began_at=now)
    AlertMessage.objects.create(subscription=told, episode=episode, event="began", due_at=now, sent_at=now)
    AlertSilence.objects.create(kind="drift", until=now + timedelta(days=1), reason=REASON, made_by="clerk")


def _fill_models(shop: Shop) -> None:
    for number, metric in enumerate(("rmse", "ndcg_at_10")):
        TuningTrial.objects.create(
            algorithm="svd",
            data_hash="0" * 64,
            metric=metric,
            number=number,
            settings={"reg": 0.0123456789, "n_factors": 128, "learning_rate": 0.00123456},
            value=0.9,
            seconds=1,
        )
    for distribution, is_drift in (("type", True), ("category", False)):
        DriftReport.objects.create(
            release=1,
            window_minutes=60,
            distribution=distribution,
            psi=0.3,
            js=0.1,
            noise=0.01,
            n_before=1_234_567,
            n_now=9,
            is_drift=is_drift,
            shifts=[["Historical Fiction", 0.123, 0.456]],
        )
    Exposure.objects.create(item=shop.novels[0], shown=3)


def _fill_impressions(shop: Shop) -> None:
    first, second = shop.novels[:2]
    shown_as, now = factories.event("ada", first).event_id, timezone.now()
    ListImpression.objects.create(
        recommendation_id=shown_as,
        user_id="ada",
        kind="person",
        placement="default",
        algorithm="svd",
        items=[first.pk, second.pk, 0],
        sources=[0, 1, 99],
        first_rank=3,
        served_at=now,
    )
    body = defined(variants=[{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "algorithm": "svd"}])
    experiment = verbs.create(body, actor=Actor(Kind.STAFF, "grace", "admin"))
    ExperimentDay.objects.create(experiment=experiment, user_id="ada", variant="A", day=now.date(), shown=12)
    shadow = Shadow.objects.create(placement="default", release=12, share=0.5, started_by="grace", last_error="Gone.")
    found: dict[str, Any] = {"lists": 1_234_567, "overlap": 765_432.1, "buckets": [1, 2], "live_buckets": [3]}
    ShadowDay.objects.create(shadow=shadow, day=now.date(), **found)
    ExperimentBaseline.objects.create(experiment=experiment, user_id="ada", shown=12)
    sums: dict[str, Any] = {"experiment": experiment, "variant": "A", "day": now.date(), "sums": []}
    ExperimentSums.objects.create(users=1, visitors=1, **sums)
    ExperimentAnswers.objects.create(moments=1, buckets=[], **sums)
    Attribution.objects.create(
        recommendation_id=shown_as, item=second, served_at=now, rank=4, event_id=shown_as, acted_at=now, by_id=False
    )
    counts: dict[str, Any] = {"lists": 1_234_567, "places": 24_691_340, "places_clicked": 1_012_345, "items": 9_876}
    for placement in ("default", "under-the-basket-of-the-shop"):
        day = DailyImpressions.objects.create(kind="person", placement=placement, algorithm="svd", version=12, **counts)
        for rank in range(1, 21):
            PositionImpressions.objects.create(daily=day, rank=rank, shown=1_000 * rank, clicked=300)
        ItemImpressions.objects.create(daily=day, item=second, shown=1, clicked=1)
    single = DailyImpressions.objects.create(kind="similar", placement="default", algorithm="ease", lists=1, places=1)
    PositionImpressions.objects.create(daily=single, rank=1, shown=1, clicked=1)
    item_totals.sum_up()
