"""The months of served lists and of what followed them."""

from recsite.platform.partitions import Partitioned

RETENTION = "SERVED_LIST_RETENTION_MONTHS"
LISTS = Partitioned("recommender_servedlist", "served_at", "served lists", RETENTION, drops=True)
ATTRIBUTIONS = Partitioned("recommender_attribution", "served_at", "attributions", RETENTION, drops=True)
