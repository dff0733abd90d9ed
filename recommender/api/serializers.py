"""Describe the answers of the recommender's operations; `serving.contract` makes them."""

from rest_framework import serializers

from recommender.engine.rules import Word

ASKED = "What `fields` asked for; missing where it was not given."
REVISION = "The number of the placement's revision that shaped the list; null where the database couldn't be asked."
NAME_IT = "Send it in the `context` of events that the list led to."


class BecauseOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    share = serializers.FloatField(help_text="Of all that speaks for the recommended item, 0 to 1.")


class FieldsOut(serializers.Serializer):
    """Describe what `fields` asks for: each item has the fields that were named."""

    item_type = serializers.CharField(required=False)
    categories = serializers.ListField(child=serializers.CharField(), required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    creator = serializers.CharField(required=False, help_text="Its `features.creator`, as a text.")
    group = serializers.CharField(required=False)
    published_at = serializers.DateTimeField(required=False, allow_null=True)
    price = serializers.FloatField(required=False, allow_null=True)


BY_RULES = "With `explain`: which rules of the placement met the item, where any did."


class MetRuleOut(serializers.Serializer):
    rule = serializers.IntegerField(help_text="Its number in the placement, from 1 on.")
    did = serializers.ChoiceField([word.value for word in Word])
    note = serializers.CharField()


class RecommendedOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    rank = serializers.IntegerField(help_text="From 1 on, over all pages.")
    score = serializers.FloatField(
        allow_null=True, help_text="By which its source ranked it, on that source's own scale."
    )
    predicted_rating = serializers.FloatField(
        allow_null=True,
        help_text="On the ratings' scale, by the model that leads if it predicts ratings, else the rating model.",
    )
    uncertainty = serializers.FloatField(allow_null=True, help_text="The standard deviation of the predicted rating.")
    confidence_interval = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        min_length=2,
        max_length=2,
        help_text="It holds the rating 95 times of 100: the low and the high end.",
    )
    source = serializers.CharField(  # type: ignore[assignment]  # REST framework takes fields out of the class
        help_text="A model of the release, `fold-in` (the latest events in it), `popular`, `stated_preferences` ..."
    )
    reason = serializers.CharField(allow_null=True, help_text="In words, with `explain`; else null.")
    because = BecauseOut(
        many=True,
        allow_null=True,
        help_text="With `explain`: the items of the user's history that weigh most, at most three.",
    )
    sources = serializers.DictField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="With `explain`: the part of the score that each source of the hybrid added; else null.",
    )
    rules = MetRuleOut(many=True, required=False, help_text=BY_RULES)
    fields = FieldsOut(required=False, help_text=ASKED)  # type: ignore[assignment]  # as `source` above


class ListOut(serializers.Serializer):
    """Describe a list that belongs to no user."""

    recommendation_id = serializers.UUIDField(help_text=NAME_IT)
    items = RecommendedOut(many=True)
    algorithm = serializers.CharField(help_text="The source that leads the list.")
    model_version = serializers.IntegerField(allow_null=True)
    release = serializers.IntegerField(allow_null=True)
    placement = serializers.CharField()
    placement_revision = serializers.IntegerField(allow_null=True, help_text=REVISION)
    variant = serializers.CharField(allow_null=True, help_text="Of the experiment that the user is in; null for none.")
    total_available = serializers.IntegerField(help_text="How many items all pages have together.")
    generated_at = serializers.DateTimeField()


class BoughtItemOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    rank = serializers.IntegerField()
    support = serializers.IntegerField(help_text="Users who bought both.")
    confidence = serializers.FloatField(help_text="The share of the item's buyers who bought this one as well.")
    lift = serializers.FloatField(help_text="How many times the share among all buyers that is.")
    basis = serializers.ChoiceField(
        ("purchases", "sessions"), help_text="`purchases`: the figures are of buyers; `sessions`: of sessions."
    )
    reason = serializers.CharField(allow_null=True, help_text="In words, with `explain`; else null.")
    because = BecauseOut(many=True, allow_null=True, help_text="With `explain`: the item that the list starts from.")
    sources = serializers.DictField(child=serializers.FloatField(), allow_null=True, help_text="Null: there is one.")
    rules = MetRuleOut(many=True, required=False, help_text=BY_RULES)
    fields = FieldsOut(required=False, help_text=ASKED)  # type: ignore[assignment]  # as `source` above


class BoughtOut(serializers.Serializer):
    item_id = serializers.CharField()
    recommendation_id = serializers.UUIDField(help_text=NAME_IT)
    items = BoughtItemOut(many=True)
    placement = serializers.CharField()
    placement_revision = serializers.IntegerField(allow_null=True, help_text=REVISION)
    variant = serializers.CharField(allow_null=True, help_text="Of the experiment that the user is in; null for none.")
    total_available = serializers.IntegerField(help_text="How many items all pages have together.")


class RecommendationsOut(serializers.Serializer):
    user_id = serializers.CharField()
    recommendation_id = serializers.UUIDField(help_text=NAME_IT)
    items = RecommendedOut(many=True)
    algorithm = serializers.CharField(help_text="The source that leads the list.")
    model_version = serializers.IntegerField(allow_null=True)
    release = serializers.IntegerField(allow_null=True)
    placement = serializers.CharField()
    placement_revision = serializers.IntegerField(allow_null=True, help_text=REVISION)
    variant = serializers.CharField(allow_null=True, help_text="Of the experiment that the user is in; null for none.")
    cold_start = serializers.BooleanField(help_text="Nothing is known of the user, who gets what everybody gets.")
    cache_hit = serializers.BooleanField()
    total_available = serializers.IntegerField(help_text="How many items all pages have together.")
    generated_at = serializers.DateTimeField()


class BatchOut(serializers.Serializer):
    results = RecommendationsOut(many=True)
