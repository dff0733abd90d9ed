"""Describe what the events' operations take and answer. `interactions.schema` judges an event."""

from rest_framework import serializers

from interactions.marks import MARKS
from recsite.platform.paging import Page


class EventIn(serializers.Serializer):
    """Stands for an event, which `event_schema` describes."""


class EventsIn(serializers.Serializer):
    """Stands for the envelope of many events, which `event_schema` describes."""

    event = EventIn
    most = 1_000
    """Events of one request."""


class AcceptedOut(serializers.Serializer):
    event_id = serializers.UUIDField()
    status = serializers.ChoiceField(
        ["accepted", "duplicate", "opted_out"],
        help_text="A duplicate was stored before, with the same content. Of a user who opted out nothing is kept.",
    )


class OneOfManyOut(serializers.Serializer):
    status = serializers.ChoiceField(["accepted", "duplicate", "refused", "erased", "opted_out"])
    event_id = serializers.UUIDField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]  # REST framework takes fields out of the class
        child=serializers.CharField(), required=False, help_text="A sentence for each field that is wrong."
    )


class EventsOut(serializers.Serializer):
    accepted = serializers.IntegerField(help_text="Events that are durable, duplicates included.")
    duplicates = serializers.IntegerField(help_text="Those of them that were stored before.")
    refused = serializers.IntegerField()
    opted_out = serializers.IntegerField(help_text="Events of users who opted out: they are kept nowhere.")
    results = OneOfManyOut(many=True, help_text="One for each event, in their order.")


class ReviewOut(serializers.Serializer):
    title = serializers.CharField(required=False)
    text = serializers.CharField()


class StoredEventOut(serializers.Serializer):
    event_id = serializers.UUIDField()
    user_id = serializers.CharField()
    item_id = serializers.CharField(allow_null=True, help_text="Null where the event is about no item, as a login.")
    type = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    occurred_at = serializers.DateTimeField()
    undated = serializers.BooleanField(help_text="True where the time is that of an import whose file had none.")
    context = serializers.DictField()  # type: ignore[assignment]  # REST framework takes fields out of the class
    left_out_as = serializers.ChoiceField(
        list(MARKS), allow_null=True, help_text="Why models and figures leave it out; null where it counts."
    )
    review = ReviewOut(required=False, help_text="What the user wrote beside a rating.")


class HistoryOut(Page):
    items = StoredEventOut(many=True)
