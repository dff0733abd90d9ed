"""Read the settings of charts, tiles and alerts; recsite.settings takes them all over."""

from recsite import env

GATHER_IN_BACKGROUND = True
SERIES_RETENTION_MONTHS = env.integer("SERIES_RETENTION_MONTHS", 14, 1)
SERIES_DOORS = (
    ("/api/v1/recommendations", "api lists"),
    ("/gorse/api/recommend", "api lists"),
    ("/gorse/api/session/recommend", "api lists"),
    ("/gorse/api/collaborative-filtering", "api lists"),
    ("/gorse/api/latest", "api lists"),
    ("/gorse/api/popular", "api lists"),
    ("/gorse/api/non-personalized", "api lists"),
    ("/api/v1/interactions", "api events"),
    ("/gorse/api/feedback", "api events"),
    ("/api/", "api other"),
    ("/gorse/api/", "api other"),
    ("/admin/", "admin"),
    ("/static/", ""),
    ("/covers/", ""),
    ("/favicon.ico", ""),
    ("/health", ""),
    ("/metrics", ""),
    ("/ping", ""),
    ("/ready", ""),
    ("/", "shop"),
)
"""The door of a request by how its path begins, the first that fits; those without a name are not counted."""

# Where the result of a job is, by the dotted path of a table.
JOB_LINKS = "recsite.console.job_links.LINKS"

# The limits of alerts; `recsite.platform.thresholds` says what each means. 0 switches one off.
ALERT_LOOKS = "recsite.alerts.LOOKS"
ALERT_GRACE_SECS = env.integer("ALERT_GRACE_SECS", 120, 0, 3600)
ALERT_ERROR_SHARE = env.decimal("ALERT_ERROR_SHARE", 0.05, 0, 1)
ALERT_P95_MS = env.integer("ALERT_P95_MS", 200, 0)
ALERT_EVENT_SILENCE_SECS = env.integer("ALERT_EVENT_SILENCE_SECS", 3600, 0)
ALERT_LAG = env.integer("ALERT_LAG", 10_000, 0)
ALERT_OUTBOX = env.integer("ALERT_OUTBOX", 10_000, 0)
ALERT_QUEUE_DEPTH = env.integer("ALERT_QUEUE_DEPTH", 1_000, 0)
ALERT_OLDEST_JOB_SECS = env.integer("ALERT_OLDEST_JOB_SECS", 3600, 0)
ALERT_UNSAMPLED_SECS = env.integer("ALERT_UNSAMPLED_SECS", 300, 0)
ALERT_MONTHS_AHEAD = env.integer("ALERT_MONTHS_AHEAD", 2, 0, 60)
ALERT_MODEL_AGE_HOURS = env.integer("ALERT_MODEL_AGE_HOURS", 48, 0)
ALERT_DEAD_LETTERS = env.integer("ALERT_DEAD_LETTERS", 1, 0)
ALERT_FREE_SHARE = env.decimal("ALERT_FREE_SHARE", 0.05, 0, 1)
ALERT_CACHE_HITS = env.decimal("ALERT_CACHE_HITS", 0.7, 0, 1)
