"""Name the alerts that Prometheus alone looks at: the console is itself gone then, or has pages of its own for it."""

from recsite.platform.thresholds import Comparison, Severity, Threshold

SITE = Threshold(
    "site",
    "Site is down",
    Severity.DOWN,
    "No web process answers: users and clients get nothing.",
    "Look at how the web processes ended, and start them.",
)
PROCESS = Threshold(
    "process",
    "Process is down",
    Severity.WARNING,
    "This process can't be asked for its metrics: it has ended, hangs, or the network is cut.",
    "Ask it by 'manage.py healthcheck ROLE', read its log, and start it anew.",
)
CACHE_HITS = Threshold(
    "cache-hits",
    "Few lists from the cache",
    Severity.WARNING,
    "Lists are computed anew: they take longer, and the database and the processors work more.",
    "Look at Redis' memory and evictions, and warm the cache with 'manage.py warm_cache'.",
    "ALERT_CACHE_HITS",
    Comparison.BELOW,
    "share of lists",
)
POOL = Threshold(
    "pool",
    "Connections are exhausted",
    Severity.DOWN,
    "Requests wait for a connection to PostgreSQL, and fail after five seconds.",
    "Look for slow queries; then raise DATABASE_MAX_CONNECTIONS, within PostgreSQL's max_connections.",
)
TRAINING = Threshold(
    "training",
    "Training failed",
    Severity.WARNING,
    "The live release stays as it is, and grows old.",
    "Look at Jobs for what it said, and train again.",
)
