"""Describe the answers of the catalogue's operations."""

from rest_framework import serializers

from catalog.models import EndUser, Item
from recsite.platform.paging import Page


class ItemOut(serializers.ModelSerializer):
    categories = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    features = serializers.DictField(help_text="Whatever else is known of it, such as its creator.")

    class Meta:
        model = Item
        fields = (
            "item_id",
            "title",
            "description",
            "categories",
            "tags",
            "features",
            "item_type",
            "is_available",
            "available_from",
            "available_until",
            "group",
            "published_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ItemPageOut(Page):
    items = ItemOut(many=True)


class UserOut(serializers.ModelSerializer):
    preferences = serializers.DictField()
    demographics = serializers.DictField()

    class Meta:
        model = EndUser
        fields = ("user_id", "created_at", "last_active", "preferences", "demographics", "opted_out_at")
        read_only_fields = fields


class UserPageOut(Page):
    users = UserOut(many=True)
