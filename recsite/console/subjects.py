"""Know what changes are of: the rows that the record names, their pages, and who may see those."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from catalog.models import Category, EndUser, Item
from interactions.models import InteractionType
from recommender.models import Experiment, ModelVersion, Placement, Release, TrainingPlan
from recsite.platform.log_privacy import hashed
from recsite.platform.models import AlertSubscription, ApiKey, WebhookEndpoint

Person = Any
"""Who is signed in."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Say where the rows of one type of object are found and shown."""

    model: type[Model]
    by: str
    """The field by which the record names a row."""
    page: str
    """The name of the page of one row."""
    permission: str
    has_tab: bool = False
    """Whether its page has a tab with its changes."""
    is_hashed: bool = False
    """Whether the record names it by a hash of that field."""

    def recorded_id(self, row: Any) -> str:
        """Return the id of a row as the record has it."""
        name = str(getattr(row, self.by))
        return hashed(name) if self.is_hashed else name


SUBJECTS: dict[str, Subject] = {
    "item": Subject(Item, "item_id", "item-page", "catalog.view_item", has_tab=True),
    "user": Subject(EndUser, "user_id", "person-page", "catalog.view_enduser", has_tab=True, is_hashed=True),
    "placement": Subject(Placement, "name", "admin:placement-published", "recommender.view_placement", has_tab=True),
    "release": Subject(Release, "pk", "admin:recommender_release_change", "recommender.view_release", has_tab=True),
    "experiment": Subject(
        Experiment, "key", "admin:recommender_experiment_change", "recommender.view_experiment", has_tab=True
    ),
    "model": Subject(ModelVersion, "pk", "admin:recommender_modelversion_change", "recommender.view_modelversion"),
    "category": Subject(Category, "name", "admin:catalog_category_change", "catalog.view_category"),
    "interaction type": Subject(
        InteractionType, "name", "admin:interactions_interactiontype_change", "interactions.view_interactiontype"
    ),
    "training plan": Subject(
        TrainingPlan, "pk", "admin:recommender_trainingplan_change", "recommender.view_trainingplan"
    ),
    "schedule": Subject(
        PeriodicTask,
        "name",
        "admin:django_celery_beat_periodictask_change",
        "django_celery_beat.view_periodictask",
    ),
    "alert subscription": Subject(
        AlertSubscription, "pk", "admin:platform_alertsubscription_change", "platform.view_alertsubscription"
    ),
    "api_key": Subject(ApiKey, "prefix", "admin:platform_apikey_change", "platform.view_apikey"),
    "webhook": Subject(WebhookEndpoint, "pk", "admin:platform_webhookendpoint_change", "platform.view_webhookendpoint"),
    "staff": Subject(User, "username", "admin:auth_user_change", "auth.view_user"),
    "role": Subject(Group, "name", "admin:auth_group_change", "auth.view_group"),
}
"""By the type of object that the record names."""


def addresses(kind: str, ids: Collection[str], user: Person) -> dict[str, str]:
    """Return the pages of the rows of a type by the ids that the record has of them, for who may see them.

    One query; a row that is gone has none, nor has one that is named by a hash.
    """
    subject = SUBJECTS.get(kind)
    if subject is None or subject.is_hashed or not user.has_perm(subject.permission):
        return {}
    wanted = [one for one in ids if one.isdigit()] if subject.by == "pk" else list(ids)
    rows = subject.model._default_manager.filter(**{f"{subject.by}__in": wanted}).values_list(subject.by, "pk")
    return {str(name): reverse(subject.page, args=[pk]) for name, pk in rows}
