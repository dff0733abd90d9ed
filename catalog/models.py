"""Store users, items, categories and item vectors."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from pgvector.django import HnswIndex, VectorField

from catalog.fields import ENDS_TOO_EARLY
from catalog.validation import IdField
from recsite.platform.audit import SYSTEM

ERASE, DELETE_ITEMS = "catalog.store.erase_users", "catalog.store.delete_items"
"""The one way in which users, and items, go. By name, since the verbs import the rows."""


class EndUserQuerySet(models.QuerySet["EndUser"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """Erase the users: deleting rows alone would leave their events, lists and cache, and let their ids return."""
        erased: int = import_string(ERASE)(self)
        return erased, {EndUser._meta.label: erased}


class EndUser(models.Model):
    """Store a user who gets recommendations. Staff are `django.contrib.auth` users."""

    user_id = IdField("user id", max_length=255, unique=True, help_text="The id that your own systems use.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    last_active = models.DateTimeField(null=True, blank=True)
    preferences = models.JSONField(
        default=dict,
        blank=True,
        help_text='Such as {"categories": ["Poetry"], "tags": [], "liked": [], "disliked": []}.',
    )
    demographics = models.JSONField(default=dict, blank=True)
    opted_out_at = models.DateTimeField(
        "opted out",
        null=True,
        blank=True,
        editable=False,
        help_text="From then on nothing that they do is kept, and they get what everybody gets.",
    )

    objects = EndUserQuerySet.as_manager()

    class Meta:
        verbose_name = "user"
        verbose_name_plural = "users"
        indexes = [
            models.Index(F("last_active").desc(nulls_last=True), F("id"), name="person_last_active_idx"),
            models.Index(fields=["id"], name="person_opted_out_idx", condition=Q(opted_out_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.user_id

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Erase the user, as `EndUserQuerySet.delete` does."""
        return EndUser.objects.filter(pk=self.pk).delete()


class MergedUser(models.Model):
    """Store another name of a user: the id of a visitor who was merged into them (see `catalog.merging`)."""

    user_id = IdField("user id", max_length=255, unique=True)
    into = models.ForeignKey(EndUser, on_delete=models.CASCADE, related_name="merged")
    merged_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.user_id


class Erasure(models.Model):
    """Store the tombstone of an erased user: a keyed hash of the id, which nobody can read back."""

    digest = models.BinaryField(max_length=32, unique=True)
    erased_at = models.DateTimeField(default=timezone.now)
    swept_at = models.DateTimeField(
        null=True, blank=True, help_text="When the caches were last searched for what came back."
    )

    class Meta:
        ordering = ["-erased_at", "-pk"]

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]


class Category(models.Model):
    """Store a category that items name in `Item.categories`."""

    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class ItemQuerySet(models.QuerySet["Item"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the items with everything that happened to them."""
        deleted: int = import_string(DELETE_ITEMS)(self, actor=SYSTEM)
        return deleted, {Item._meta.label: deleted}

    def available(self, at: datetime) -> "ItemQuerySet":
        """Select what may be recommended at the time `at`."""
        return self.filter(Item.available_at(at))


class Item(models.Model):
    """Store an item that can be recommended."""

    item_id = IdField("item id", max_length=255, unique=True, help_text="The id that your own systems use.")
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    categories = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    features = models.JSONField(default=dict, blank=True, help_text='Such as {"creator": "Jane Austen", "year": 1815}.')
    item_type = models.CharField(max_length=50, blank=True)
    is_available = models.BooleanField(
        "available", default=True, help_text="What is not available is never recommended."
    )
    available_from = models.DateTimeField(null=True, blank=True)
    available_until = models.DateTimeField(null=True, blank=True)
    group = models.CharField(
        max_length=255,
        blank=True,
        help_text="Variants of one thing share a group: a list never shows two of them.",
    )
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    changed_in = models.BigIntegerField(db_default=0, editable=False, db_index=True)
    """The transaction that wrote the row last. A trigger sets it: whoever keeps a copy reads what is newer, no more."""

    objects = ItemQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["categories"], name="item_categories_gin"),
            GinIndex(fields=["tags"], name="item_tags_gin"),
            models.Index(fields=["-published_at"], name="item_published_idx"),
            models.Index(fields=["group"], name="item_group_idx", condition=~Q(group="")),
            models.Index(fields=["-id"], name="item_hidden_idx", condition=Q(is_available=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the item, as `ItemQuerySet.delete` does."""
        return Item.objects.filter(pk=self.pk).delete()

    @property
    def ends_too_early(self) -> bool:
        """Return True where the item would be available until a time before which it isn't available at all."""
        return bool(self.available_from and self.available_until and self.available_from >= self.available_until)

    @staticmethod
    def available_at(at: datetime) -> Q:
        """Return the condition of what may be recommended at the time `at`; no part of it is unknown for a row."""
        starts = Q(available_from__isnull=True) | Q(available_from__lte=at)
        ends = Q(available_until__isnull=True) | Q(available_until__gt=at)
        return Q(is_available=True) & starts & ends

    def clean(self) -> None:
        """Refuse a time of being available that ends before it begins. Raises ValidationError."""
        if self.ends_too_early:
            raise ValidationError({"available_until": ENDS_TOO_EARLY})

    @property
    def creator(self) -> str:
        """Return the author, director or maker, where the features name one."""
        features: dict[str, Any] = self.features
        return str(features.get("creator") or "")


class ItemSearch(models.Model):
    """Store what the search reads of each item, which triggers write (`catalog.search`); it goes with its item."""

    item = models.OneToOneField(Item, on_delete=models.DO_NOTHING, primary_key=True, related_name="search")
    words = ArrayField(models.TextField())
    """Words of title, creator, categories and tags, in that order, without accents."""
    trigrams = ArrayField(models.TextField())
    document = SearchVectorField()

    class Meta:
        db_table = "catalog_itemsearch"
        indexes = [
            GinIndex(fields=["document"], name="item_search_document"),
            GinIndex(fields=["trigrams"], name="item_search_trigrams"),
        ]

    def __str__(self) -> str:
        return " ".join(self.words)


class DeletedItem(models.Model):
    """Store for some days which items are gone, by a trigger: whoever keeps a copy of the catalogue drops them."""

    item_pk = models.BigIntegerField()
    changed_in = models.BigIntegerField(db_index=True, help_text="The transaction that deleted the item.")
    deleted_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"the item that had the number {self.item_pk}"


class ItemEmbedding(models.Model):
    """Store an item's vector in the space of one model version; a refit turns the space, so two never mix."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="embeddings")
    model_version = models.BigIntegerField(help_text="The id of the model version that made the vector.")
    vector = VectorField(dimensions=settings.FEATURE_VECTOR_DIMENSION)
    made_at = models.DateTimeField(default=timezone.now, help_text="Older than the item's last change: it is stale.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "model_version"], name="embedding_once_per_version")]
        indexes = [
            HnswIndex(
                fields=["vector"],
                name="embedding_vector_hnsw",
                m=16,
                ef_construction=64,
                opclasses=["vector_cosine_ops"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} in version {self.model_version}"
