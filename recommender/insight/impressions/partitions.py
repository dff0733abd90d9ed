"""Declare the partitioned tables of impressions and of the feedback on them."""

from recsite.platform.partitions import Partitioned

RETENTION = "IMPRESSION_RETENTION_MONTHS"
LISTS = Partitioned("recommender_servedlist", "served_at", "list impressions", RETENTION, drops=True)
ATTRIBUTIONS = Partitioned("recommender_attribution", "served_at", "attributions", RETENTION, drops=True)
