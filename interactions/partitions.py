"""Name the tables of events that are partitioned by month."""

from recsite.platform.partitions import Partitioned

USER = ("user_id", "catalog_enduser")
RETENTION = "INTERACTION_RETENTION_MONTHS"
EVENTS = Partitioned("interactions_interaction", "occurred_at", "events", RETENTION, owner=USER)
WITHOUT_ITEM = Partitioned("interactions_personevent", "occurred_at", "events without an item", RETENTION, owner=USER)
