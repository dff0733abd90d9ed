"""Name the tables of events that are partitioned by month."""

from recsite.platform.partitions import Partitioned

RETENTION = "INTERACTION_RETENTION_MONTHS"
EVENTS = Partitioned("interactions_interaction", "occurred_at", "events", RETENTION)
WITHOUT_ITEM = Partitioned("interactions_personevent", "occurred_at", "events without an item", RETENTION)
