"""The months of the events."""

from recsite.platform.partitions import Partitioned

EVENTS = Partitioned("interactions_interaction", "occurred_at", "events", "INTERACTION_RETENTION_MONTHS")
