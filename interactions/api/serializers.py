"""What the events' operations take and answer. `interactions.schema` judges an event; this describes it."""

from rest_framework import serializers

from catalog.ids import MAX_ID_LENGTH
from interactions.schema import LONGEST


class ReviewIn(serializers.Serializer):
    title = serializers.CharField(max_length=LONGEST["title"], required=False)
    text = serializers.CharField(max_length=LONGEST["text"])


class EventIn(serializers.Serializer):
    """One thing that a person did with an item."""

    user_id = serializers.CharField(max_length=MAX_ID_LENGTH)
    item_id = serializers.CharField(
        max_length=MAX_ID_LENGTH, required=False, help_text="Needed, but where the type is about no item: a login."
    )
    type = serializers.CharField(help_text="One of the interaction types, such as view, purchase or rating.")
    value = serializers.FloatField(
        required=False, allow_null=True, help_text="The rating, on the type's scale; an amount where the type has none."
    )
    occurred_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="With its zone. Without it, the time of the event_id, or now."
    )
    event_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Makes sending it twice harmless. A UUIDv7 carries its own time."
    )
    context = serializers.DictField(  # type: ignore[assignment]  # REST framework takes fields out of the class
        required=False, allow_null=True, help_text="Such as source, position, session_id, recommendation_id."
    )
    review = ReviewIn(required=False, allow_null=True, help_text="What the person wrote beside a rating.")


class AcceptedOut(serializers.Serializer):
    event_id = serializers.UUIDField()
    status = serializers.ChoiceField(["accepted"])


class EventsIn(serializers.Serializer):
    events = EventIn(many=True)


class OneOfManyOut(serializers.Serializer):
    status = serializers.ChoiceField(["accepted", "refused"])
    event_id = serializers.UUIDField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]  # REST framework takes fields out of the class
        child=serializers.CharField(), required=False, help_text="A sentence for each field that is wrong."
    )


class EventsOut(serializers.Serializer):
    accepted = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = OneOfManyOut(many=True, help_text="One for each event, in their order.")
