"""Settings, read top to bottom. Every value comes from the environment (or .env); .env.example names them all."""

from pathlib import Path

from recsite import env

# Django looks for every setting in this module, so those of the other files are taken over whole.
from recsite.api_settings import *  # noqa: F403
from recsite.backup_settings import *  # noqa: F403
from recsite.backup_settings import BACKUPS
from recsite.database_settings import *  # noqa: F403
from recsite.gorse_permissions import API_ACCESS as API_ACCESS
from recsite.import_settings import *  # noqa: F403
from recsite.import_settings import upload_storage
from recsite.kafka_settings import *  # noqa: F403
from recsite.logging import logging_config
from recsite.mail_settings import *  # noqa: F403
from recsite.model_settings import *  # noqa: F403
from recsite.model_settings import export_storage, model_storage
from recsite.openapi import REST_FRAMEWORK as REST_FRAMEWORK
from recsite.openapi import description
from recsite.permissions import API_OPEN as API_OPEN
from recsite.platform import queues
from recsite.platform.policies import STRICT
from recsite.process_settings import *  # noqa: F403
from recsite.process_settings import IS_SERVICE
from recsite.redis_settings import *  # noqa: F403
from recsite.schedule_settings import *  # noqa: F403
from recsite.series_settings import *  # noqa: F403
from recsite.sign_in_settings import *  # noqa: F403
from recsite.sign_in_settings import SIGN_IN_APPS
from recsite.sinks import *  # noqa: F403
from recsite.sinks import ERASURE_SINKS
from recsite.tracing_settings import *  # noqa: F403
from recsite.tracing_settings import MIDDLEWARE_OF_TRACES
from recsite.training_settings import *  # noqa: F403
from recsite.training_settings import training_storage
from recsite.undo_table import CHANGES_TOLD as CHANGES_TOLD
from recsite.undo_table import OBJECT_ADDRESSES as OBJECT_ADDRESSES
from recsite.undo_table import UNDO as UNDO
from recsite.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where it runs ---

ENVIRONMENT = env.choice("ENVIRONMENT", "development", ("development", "demo", "production"))
PRODUCTION = ENVIRONMENT == "production"
IS_DEMO = ENVIRONMENT == "demo"
VERSION = "0.5.0.dev0"
STATE_DIR = Path(env.text("RECSITE_STATE", str(BASE_DIR / ".local")))
DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.secret_key("SECRET_KEY", PRODUCTION, STATE_DIR)
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS", [])
ERASURE_KEY = env.secret_key("ERASURE_KEY", PRODUCTION, STATE_DIR, other_than=SECRET_KEY)
_hosts = [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", _hosts, PRODUCTION)
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "recsite.urls"
WSGI_APPLICATION = "recsite.wsgi.application"
SHUTDOWN_TIMEOUT_SECS = env.integer("SHUTDOWN_TIMEOUT_SECS", 30, 1, 3600)
DRAIN_SECS = env.integer("DRAIN_SECS", 5 if PRODUCTION else 0, 0, SHUTDOWN_TIMEOUT_SECS)

# --- Parts ---

INSTALLED_APPS = [
    # First, since their pages of the admin are taken out again.
    *SIGN_IN_APPS,
    "recsite.apps.RecsiteConfig",
    "recsite.platform.apps.PlatformConfig",
    "catalog.apps.CatalogConfig",
    "interactions.apps.InteractionsConfig",
    "recommender.apps.RecommenderConfig",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "rest_framework_api_key",
]

MIDDLEWARE = [
    *MIDDLEWARE_OF_TRACES,
    "recsite.platform.middleware.request_log",
    "recsite.platform.middleware.known_methods",
    "recsite.platform.middleware.readable_address",
    "recsite.platform.middleware.content_policy",
    "django.middleware.security.SecurityMiddleware",
    "recsite.platform.cors.cross_origin",
    "recsite.platform.middleware.body_limit",
    "recsite.platform.limits.rate_limit_headers",
    "recsite.platform.replica.middleware.ReadFromReplica",
    "recsite.platform.lean_routes.LeanRoutes",
    "recsite.platform.policies.PagePolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "recsite.sign_in.second_factor.second_factor_first",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "recsite.sign_in.look.look",
            ],
        },
    },
]

SESSION_ENGINE = "recsite.platform.sessions"

STOREFRONT_ENABLED = env.flag("STOREFRONT_ENABLED", True)
if STOREFRONT_ENABLED:
    INSTALLED_APPS.insert(
        INSTALLED_APPS.index("recommender.apps.RecommenderConfig") + 1, "storefront.apps.StorefrontConfig"
    )

# --- PostgreSQL ---

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FEATURE_VECTOR_DIMENSION = env.integer("FEATURE_VECTOR_DIMENSION", 128, 2, 2000)

# --- Celery ---

CELERY_IMPORTS: tuple[str, ...] = ("recommender.tasks.comparing", "recommender.tasks.estimating")
CELERY_TASK_DEFAULT_QUEUE, CELERY_TASK_QUEUES = queues.DEFAULT, queues.declared()
CELERY_TASK_ROUTES = queues.ROUTES
CELERY_TASK_IGNORE_RESULT = True
# Nothing keeps results: without this, beat would schedule a clean-up of them.
CELERY_RESULT_EXPIRES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SOFT_TIME_LIMIT = env.integer("TASK_TIME_LIMIT_SECS", 3 * 3600, 60)
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TIMEZONE = "UTC"

# --- Events ---

if STOREFRONT_ENABLED:
    ERASURE_SINKS.append("storefront.views.visitor.on_erased")
UNKNOWN_ITEM_POLICY = env.choice("UNKNOWN_ITEM_POLICY", "dead_letter", ("dead_letter", "placeholder"))
MAX_EVENT_CONTEXT_BYTES = env.integer("MAX_EVENT_CONTEXT_BYTES", 16_384, 64)
BOT_EVENTS_PER_MINUTE = env.integer("BOT_EVENTS_PER_MINUTE", 120, 0)
STAFF_ADDRESSES = env.networks("STAFF_ADDRESSES")
PARTITION_MONTHS_AHEAD = env.integer("PARTITION_MONTHS_AHEAD", 3, 1, 60)
PARTITIONED = [
    "interactions.partitions.EVENTS",
    "interactions.partitions.WITHOUT_ITEM",
    "recommender.insight.impressions.LISTS",
    "recommender.insight.impressions.ATTRIBUTIONS",
    "recsite.platform.series.thinning.POINTS",
]
INTERACTION_RETENTION_MONTHS = env.integer("INTERACTION_RETENTION_MONTHS", 0)

# --- Recommendations ---

MAX_RECOMMENDATION_COUNT = env.integer("MAX_RECOMMENDATION_COUNT", 100, 1, 1000)
DEFAULT_RECOMMENDATION_COUNT = env.integer("DEFAULT_RECOMMENDATION_COUNT", 10, 1, MAX_RECOMMENDATION_COUNT)
CANDIDATE_COUNT = env.integer("CANDIDATE_COUNT", 200, MAX_RECOMMENDATION_COUNT, 5000)
CANDIDATE_TTL_SECS = env.integer("CANDIDATE_TTL_SECS", 24 * 3600, 1)
MIN_INTERACTIONS_FOR_CF = env.integer("MIN_INTERACTIONS_FOR_CF", 10, 1)
WARM_ACTIVE_DAYS = env.integer("WARM_ACTIVE_DAYS", 30, 1)
TRENDING_CACHE_TTL_SECS = env.integer("TRENDING_CACHE_TTL_SECS", 3600, 1)
FOLD_IN_EVENTS = env.integer("FOLD_IN_EVENTS", 500, 1)
DRIFT_THRESHOLD, DRIFT_RETRAINS = env.decimal("DRIFT_THRESHOLD", 0.2, 0, 100), env.flag("DRIFT_RETRAINS", False)
CONTENT_ENCODER = env.text("CONTENT_ENCODER")
IMPRESSION_RETENTION_MONTHS = env.integer("IMPRESSION_RETENTION_MONTHS", 3, 1)
IMPRESSION_DETAIL_DAYS = env.integer("IMPRESSION_DETAIL_DAYS", 90, 1)
JOB_RETENTION_DAYS = env.integer("JOB_RETENTION_DAYS", 90, 1)
ATTRIBUTION_WINDOW_HOURS = env.integer("ATTRIBUTION_WINDOW_HOURS", 24, 1, 24 * 30)
MODEL_CACHE_DIR = Path(env.text("MODEL_CACHE_DIR", str(STATE_DIR / "model-cache")))
CATALOGUE_CACHE_DIR = Path(env.text("CATALOGUE_CACHE_DIR", str(STATE_DIR / "catalogue-cache")))
MODEL_VERSIONS_KEPT = env.integer("MODEL_VERSIONS_KEPT", 10, 2)

# --- Files ---

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
_static = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if PRODUCTION
    else ("django.contrib.staticfiles.storage.StaticFilesStorage")
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static},
    "models": (_models := model_storage(STATE_DIR)),
    "exports": export_storage(STATE_DIR, _models),
    "training": training_storage(STATE_DIR, _models),
    # What clients send and the worker works through: both have to see it.
    "uploads": upload_storage(STATE_DIR),
    **BACKUPS,
}

# --- What pages may load and run (an area's own policy: recsite.platform.policies) ---

CONTENT_SECURITY_POLICY = {"DIRECTIVES": STRICT}

# --- API ---

SPECTACULAR_SETTINGS = description(VERSION)
JWT_SECRET = env.derived_secret("JWT_SECRET", SECRET_KEY)

# --- People who sign in ---

CSRF_FAILURE_VIEW = "recsite.platform.handlers.csrf_failure"
STOREFRONT_OPEN = env.flag("STOREFRONT_OPEN", not PRODUCTION)
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^(ping|health|ready|metrics)$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# --- Language, time, logs, metrics ---

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "recsite.formats"
TIME_ZONE = "UTC"
USE_TZ = True
# Other commands speak to a person: their logs go beside what they print, and only where something is wrong.
LOG_FORMAT = env.choice("LOG_FORMAT", "json" if IS_SERVICE else "console", ("json", "console"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO" if IS_SERVICE else "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(LOG_FORMAT, LOG_LEVEL, "stdout" if IS_SERVICE else "stderr")
PROMETHEUS_ENABLED = env.flag("PROMETHEUS_ENABLED", True)

env.warn_of_misspelt_names()
