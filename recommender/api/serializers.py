"""What the recommender's operations answer."""

from rest_framework import serializers


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
