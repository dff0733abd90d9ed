"""Settings that name who hears of what, by dotted path: apps below never import those above."""

EVENT_SINKS = ["recommender.serving.freshness.on_stored"]
ANNOUNCEMENT_SINKS = ["recsite.platform.webhooks.outbox.on_announced"]
ITEM_SINKS = ["recommender.serving.candidates.vectors.on_saved"]
DELETION_SINKS = ["interactions.erasing.on_items_deleted", "recommender.insight.impressions.on_items_deleted"]
USER_SINKS = ["recommender.cache.on_users_saved"]
ERASURE_SINKS = [
    "interactions.erasing.on_erased",
    "recommender.insight.impressions.on_erased",
    "recommender.insight.experiments.users.on_erased",
    "recommender.cache.on_erased",
    "recommender.spark.handed_lists.on_erased",
]
# The cache learns what the visitor did before the events have another owner.
MERGE_SINKS = [
    "recommender.cache.on_merged",
    "interactions.merging.on_merged",
    "recommender.insight.impressions.on_merged",
    "recommender.insight.experiments.users.on_merged",
]
OPT_OUT_SINKS = ["recommender.cache.on_opted_out"]
PERSONAL_DATA = [
    "catalog.personal_data.of_user",
    "interactions.personal_data.of_user",
    "recommender.insight.impressions.personal_data",
    "recommender.insight.experiments.users.personal_data",
]
BACKUP_CONTRIBUTORS = ["recommender.registry.backing_up.Models", "catalog.backing_up.Erasures"]
RETRACTION_SINKS = ["recommender.cache.on_events_retracted"]
