"""Read the settings of the schedule; recsite.settings takes them all over."""

from recsite import env
from recsite.backup_settings import BACKUP_INTERVAL_HOURS, BACKUPS
from recsite.schedule import beat_schedule

CELERY_BEAT_SCHEDULER = "recsite.beat:Scheduler"
# The last run is stored at once: a beat that is killed does not run an entry a second time.
CELERY_BEAT_SYNC_EVERY = 1

MODEL_UPDATE_INTERVAL = env.integer("MODEL_UPDATE_INTERVAL", 3600, 1)
FULL_REBUILD_INTERVAL_HOURS = env.integer("FULL_REBUILD_INTERVAL_HOURS", 24, 1)
INCREMENTAL_UPDATE_INTERVAL_SECS = env.integer("INCREMENTAL_UPDATE_INTERVAL_SECS", 10, 1)
CELERY_BEAT_SCHEDULE = beat_schedule(
    MODEL_UPDATE_INTERVAL,
    FULL_REBUILD_INTERVAL_HOURS,
    INCREMENTAL_UPDATE_INTERVAL_SECS,
    BACKUP_INTERVAL_HOURS if BACKUPS else 0,
)
