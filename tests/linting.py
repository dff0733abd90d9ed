"""The settings under which `make check` looks for migrations that lock tables or break the version before.

A new migration that is found is split, as docs/UPGRADE.md says, or stands in ACCEPTED with the reason.
"""

from typing import Any

from recsite.settings import *  # noqa: F403
from recsite.settings import INSTALLED_APPS as _APPS

OURS = ("catalog", "interactions", "platform", "recommender", "storefront")
ACCEPTED = [
    # From before anybody looked: as they are, since databases have them.
    "0002_people_by_activity",  # catalog: CREATE INDEX locks table
    "0003_embedding_age",  # catalog: NOT NULL constraint on columns
    "0007_change_log",  # catalog: CREATE INDEX locks table
    "0009_opting_out_and_merging",  # catalog: CREATE INDEX locks table
    "0010_search",  # catalog: NOT NULL constraint on columns
    "0012_hidden_items",  # catalog: CREATE INDEX locks table
    "0005_kafka",  # interactions: NOT NULL constraint on columns
    "0006_conversions",  # interactions: NOT NULL constraint on columns
    "0008_announcements",  # interactions: NOT NULL constraint on columns
    "0010_amounts_and_returns",  # interactions: NOT NULL constraint on columns
    "0012_rejected_files",  # interactions: NOT NULL constraint on columns
    "0014_marks",  # interactions: NOT NULL constraint on columns
    "0016_letter_groups",  # interactions: CREATE INDEX locks table
    "0003_epoch_pledges",  # platform: NOT NULL constraint on columns
    "0006_job_attempts",  # platform: NOT NULL constraint on columns
    "0013_client_keys",  # platform: NOT NULL constraint on columns
    "0014_job_actor",  # platform: NOT NULL constraint on columns
    "0019_answers_that_are_not_kept",  # platform: NOT NULL constraint on columns
    "0020_series",  # platform: NOT NULL constraint on columns
    "0002_verdicts",  # recommender: NOT NULL constraint on columns
    "0016_placement_revisions",  # recommender: DROPPING columns
    "0017_experiments",  # recommender: CREATE INDEX locks table
    "0021_planned_experiments",  # recommender: NOT NULL constraint on columns
    "0022_interleaved_lists",  # recommender: ALTERING columns
    "0024_experiment_versions",  # recommender: NOT NULL constraint on columns
]
INSTALLED_APPS = [*_APPS, "django_migration_linter"]
MIGRATION_LINTER_OPTIONS: dict[str, Any] = {
    "include_apps": OURS,
    "ignore_name": ACCEPTED,
    "sql_analyser": "postgresql",
    "no_cache": True,
    # How functions name their arguments locks nothing; an index does.
    "warnings_as_errors": ["CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE"],
    "quiet": ["ok", "ignore", "warning"],
}
