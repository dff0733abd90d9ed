"""Say which page the result of a job leads to: the one home of these, since jobs know no app."""

from recsite.platform.admin.job_page import ResultLink

LINKS = (ResultLink(r"\brelease (\d+)\b", "admin:recommender_release_change", "recommender.view_release"),)
"""The first that fits what a job said at its end."""
