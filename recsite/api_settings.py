"""Read the settings of the API's doors; recsite.settings takes them all over."""

from recsite import env
from recsite.webhook_events import WEBHOOK_EVENTS as WEBHOOK_EVENTS

API_AUTH_REQUIRED = env.flag("API_AUTH_REQUIRED", True)
API_KEY_CACHE_SECS = 5
NOTE_KEY_USE_IN_BACKGROUND = True
MAX_REQUEST_SIZE = env.integer("MAX_REQUEST_SIZE", 10 * 1024 * 1024, 1024)
BULK_JOB_ROWS = env.integer("BULK_JOB_ROWS", 10_000, 1, 100_000)
BULK_MAX_ROWS = env.integer("BULK_MAX_ROWS", 1_000_000, BULK_JOB_ROWS)
CLIENT_TIMEOUT_SECS = env.integer("CLIENT_TIMEOUT_SECS", 10, 1, 3600)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_SIZE
# Without scripts the form of a draft sends every field of fifty rules, and a row for each filter: more than a thousand.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0, 0, 20)

# --- Limits ---

RATE_LIMIT_ENABLED = env.flag("RATE_LIMIT_ENABLED", True)
RATE_LIMIT_PER_KEY = env.integer("RATE_LIMIT_PER_KEY", 1_000, 1, 10_000_000)
RATE_LIMIT_PER_ADDRESS = env.integer("RATE_LIMIT_PER_ADDRESS", 100, 1, 10_000_000)
SIGN_IN_ATTEMPTS_PER_MINUTE = env.integer("SIGN_IN_ATTEMPTS_PER_MINUTE", 10, 1, 10_000)

# --- Lists that are nobody's own ---

RECOMMENDATION_CACHE_TTL_SECS = env.integer("RECOMMENDATION_CACHE_TTL_SECS", 300, 0)

# --- Webhooks ---

WEBHOOK_PRIVATE_NETWORKS = env.flag("WEBHOOK_PRIVATE_NETWORKS", env.text("ENVIRONMENT") != "production")
WEBHOOK_TIMEOUT_SECS = env.integer("WEBHOOK_TIMEOUT_SECS", 10, 1, 30)
WEBHOOK_RETENTION_DAYS = env.integer("WEBHOOK_RETENTION_DAYS", 30, 1)

# --- Tokens of staff; JWT_SECRET stands beside the other secrets ---

JWT_SECRET_FALLBACKS = env.items("JWT_SECRET_FALLBACKS", [])
JWT_ALGORITHM = env.choice("JWT_ALGORITHM", "HS256", ("HS256", "HS384", "HS512"))
JWT_EXPIRE_MINUTES = env.integer("JWT_EXPIRE_MINUTES", 15, 1, 24 * 60)
JWT_REFRESH_EXPIRE_MINUTES = env.integer("JWT_REFRESH_EXPIRE_MINUTES", 24 * 60, 1, 90 * 24 * 60)
if JWT_REFRESH_EXPIRE_MINUTES < JWT_EXPIRE_MINUTES:
    env.fail(
        "JWT_REFRESH_EXPIRE_MINUTES is less than JWT_EXPIRE_MINUTES: a refresh token must outlive its access token."
    )
