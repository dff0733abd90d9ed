"""What the recommender's operations answer."""

from rest_framework import serializers

NAME_IT = "Send it in the context of what somebody does with the list."


class VersionOut(serializers.Serializer):
    id = serializers.IntegerField()
    algorithm = serializers.CharField()
    role = serializers.CharField(help_text="rating: it predicts ratings; ranking: it is a source of lists.")
    trained_at = serializers.DateTimeField(allow_null=True)
    data_from = serializers.DateTimeField(allow_null=True, help_text="Its oldest event.")
    data_until = serializers.DateTimeField(allow_null=True, help_text="Its newest event.")
    n_users = serializers.IntegerField(allow_null=True)
    n_items = serializers.IntegerField(allow_null=True)
    n_events = serializers.IntegerField(allow_null=True)
    metrics = serializers.DictField(help_text="How good it was on events that it hadn't seen.")


class LiveOut(serializers.Serializer):
    release = serializers.IntegerField()
    promoted_at = serializers.DateTimeField(allow_null=True)
    versions = VersionOut(many=True)


class BecauseOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    share = serializers.FloatField(help_text="Of all that speaks for the recommended item, 0 to 1.")


class RecommendedOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    rank = serializers.IntegerField(help_text="From 1 on, over all pages.")
    score = serializers.FloatField(allow_null=True, help_text="What its source ranked it by, on that source's scale.")
    predicted_rating = serializers.FloatField(allow_null=True, help_text="By the rating model, on the ratings' scale.")
    uncertainty = serializers.FloatField(allow_null=True, help_text="The standard deviation of the predicted rating.")
    confidence_interval = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        min_length=2,
        max_length=2,
        help_text="It holds the rating 95 times of 100: the low and the high end.",
    )
    source = serializers.CharField(  # type: ignore[assignment]  # REST framework takes fields out of the class
        help_text="A model's name: trained on this person; fold-in: from their latest events; popular; latest."
    )
    reason = serializers.CharField(allow_null=True, help_text="In words, with `explain`; else null.")
    because = BecauseOut(
        many=True, allow_null=True, help_text="With `explain`: what weighs most in the person's history, at most three."
    )
    sources = serializers.DictField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="With `explain`: what each source of the hybrid added to the score; null for other algorithms.",
    )


class ListOut(serializers.Serializer):
    """A list that is nobody's own."""

    recommendation_id = serializers.UUIDField(help_text=NAME_IT)
    items = RecommendedOut(many=True)
    algorithm = serializers.CharField(help_text="The source that leads the list.")
    model_version = serializers.IntegerField(allow_null=True)
    release = serializers.IntegerField(allow_null=True)
    placement = serializers.CharField()
    total_available = serializers.IntegerField(help_text="How many items all pages have together.")
    generated_at = serializers.DateTimeField()


class BoughtItemOut(serializers.Serializer):
    item_id = serializers.CharField()
    title = serializers.CharField()
    rank = serializers.IntegerField()
    support = serializers.IntegerField(help_text="People who bought both.")
    confidence = serializers.FloatField(help_text="The share of the item's buyers who bought this one as well.")
    lift = serializers.FloatField(help_text="How many times the share among all buyers that is.")
    basis = serializers.ChoiceField(
        ("purchases", "sessions"), help_text="Whether that is said of buyers or of sessions."
    )


class BoughtOut(serializers.Serializer):
    item_id = serializers.CharField()
    recommendation_id = serializers.UUIDField(help_text=NAME_IT)
    items = BoughtItemOut(many=True)


class RecommendationsOut(serializers.Serializer):
    user_id = serializers.CharField()
    recommendation_id = serializers.UUIDField(help_text=NAME_IT)
    items = RecommendedOut(many=True)
    algorithm = serializers.CharField(help_text="The source that leads the list.")
    model_version = serializers.IntegerField(allow_null=True)
    release = serializers.IntegerField(allow_null=True)
    placement = serializers.CharField()
    cold_start = serializers.BooleanField(help_text="Nothing is known of the person: this is what everybody gets.")
    cache_hit = serializers.BooleanField()
    total_available = serializers.IntegerField(help_text="How many items all pages have together.")
    generated_at = serializers.DateTimeField()


class BatchOut(serializers.Serializer):
    results = RecommendationsOut(many=True)
