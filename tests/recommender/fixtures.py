"""A small shop for the tests of serving: two tastes, three people, a live release, and processes that start afresh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from catalog import snapshot
from catalog.models import EndUser, Item
from interactions import types
from interactions.models import Interaction
from recommender import merchandising, registry, serving
from recommender.cache import events
from recommender.engine.forms.factors import FactorModel
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import IdMap, Model
from recommender.insight.drift import reports
from recommender.merchandising import ListSettings
from recommender.merchandising.placements import GENERATION
from recommender.models import DEFAULT, ModelVersion, PlacementRevision, Release
from recommender.serving import Answer, Request, experiments, placements, shadows
from recommender.serving.candidates import exploration, loaded_release, new_items, other_releases, trending, vectors
from recommender.serving.incremental import trends
from recsite.platform import generations, redis
from tests import factories, outages

Models = Mapping[str, Model]
SIZE = 6
"""Novels, and as many poems."""

NOVELS = [f"novel-{number}" for number in range(SIZE)]
POEMS = [f"poem-{number}" for number in range(SIZE)]


@dataclass
class Shop:
    """Ada loves novels and Ben poems, as the model knows. It has never seen Cleo. Everybody buys poems."""

    novels: list[Item]
    poems: list[Item]
    ada: EndUser
    ben: EndUser
    cleo: EndUser
    release: Release

    @property
    def items(self) -> list[Item]:
        return self.novels + self.poems


def open_shop() -> Shop:
    novels = [factories.item(name, categories=["Novels"], tags=["prose"]) for name in NOVELS]
    poems = [factories.item(name, categories=["Poetry"], item_type="poem") for name in POEMS]
    ada, ben, cleo = factories.ada(), factories.ben(), factories.cleo()
    models: Models = {"svd": svd(novels, poems, [ada, ben]), "popular": popular(poems + novels)}
    release = publish(models)
    # Everything in the shop is new: without this, lists would try items in places of their own.
    set_placement(new_item_share=0)
    start_afresh()
    return Shop(novels, poems, ada, ben, cleo, release)


def svd(novels: Sequence[Item], poems: Sequence[Item], people: Sequence[EndUser]) -> FactorModel:
    """The first of the people loves novels, the second poems; of a kind, the lower the number the better."""
    items = sorted(item.pk for item in [*novels, *poems])
    rank = {item.pk: number for kind in (novels, poems) for number, item in enumerate(kind)}
    taste = {item.pk: number for number, kind in enumerate((novels, poems)) for item in kind}
    return FactorModel(
        user_ids=IdMap.of(np.array([person.pk for person in people])),
        item_ids=IdMap.of(np.array(items)),
        mean=3.0,
        scale_min=1.0,
        scale_max=5.0,
        reg=0.02,
        user_bias=np.zeros(len(people), np.float32),
        item_bias=np.array([-rank[pk] / 20 for pk in items], np.float32),
        user_factors=np.eye(2, dtype=np.float32)[: len(people)],
        item_factors=np.array([np.eye(2)[taste[pk]] for pk in items], np.float32),
    )


def popular(items: Sequence[Item]) -> ImpersonalModel:
    """The first is the most popular."""
    score = {item.pk: float(len(items) - place) for place, item in enumerate(items)}
    pks = sorted(score)
    return ImpersonalModel(IdMap(np.array(pks)), np.array([score[pk] for pk in pks], np.float32))


def publish(models: Models, promote: bool = True) -> Release:
    """A release of these models, trained an hour ago on everything that had happened until then."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    versions = [
        registry.finish_version(registry.start_version(name, {}, seed=1), model, data_until=an_hour_ago)
        for name, model in models.items()
    ]
    ModelVersion.objects.filter(pk__in=[version.pk for version in versions]).update(created_at=an_hour_ago)
    return registry.publish(versions) if promote else registry.bundle(versions)


def start_afresh() -> None:
    """As if every process had just started, and Redis were empty."""
    outages.start_afresh()
    redis.roundtrip(("FLUSHDB",))
    forget()


def forget() -> None:
    """As if this process had just started."""
    generations.forget()
    events.forget()
    snapshot.forget()
    for module in (
        types,
        loaded_release,
        other_releases,
        placements,
        experiments,
        new_items,
        exploration,
        trends,
        trending,
        reports,
        vectors,
    ):
        module.forget()


def set_placement(name: str = DEFAULT, **values: Any) -> None:
    """Publish these settings at a placement, beside those that it has. Nobody did it, so it is not recorded."""
    placement = merchandising.find(name)
    now = placement.live.settings if placement.live else {}
    if all(now.get(key) == value for key, value in values.items()):
        return
    latest = placement.revisions.order_by("-number").first()
    placement.live = PlacementRevision.objects.create(
        placement=placement,
        number=latest.number + 1 if latest else 1,
        settings=ListSettings.read(placement.kind, now | values).as_json(),
    )
    placement.save(update_fields=["live"])
    generations.bump(GENERATION)


def look_again() -> None:
    """As after the second in which nobody is asked."""
    generations.look()
    for copy in (
        m._copy
        for m in (snapshot, types, loaded_release, placements, experiments, shadows, new_items, exploration, trends)
    ):
        copy._not_before = 0


def ask(person: EndUser | str, **rest: object) -> Answer:
    user_id = person if isinstance(person, str) else person.user_id
    return serving.recommend(Request(user_id, **rest))  # type: ignore[arg-type]  # the tests name the fields


def ids(answer: Answer) -> list[str]:
    return [place.item_id for place in answer.items]


def happened(person: EndUser, item: Item, kind: str = "view", value: float | None = None, days_ago: float = 30) -> None:
    """An event that training knew of, as far as its times say, stored past all sinks."""
    when = timezone.now() - timedelta(days=days_ago)
    Interaction.objects.create(
        event_id=factories.event(person, item).event_id,
        user=person,
        item=item,
        type=factories.interaction_type(kind),
        value=value,
        occurred_at=when,
        received_at=when,
    )
