"""Read the settings of PostgreSQL, the primary and its replica; recsite.settings takes them all over."""

from typing import Any

from recsite import env, pool_sizes
from recsite.platform.query_timeout import LimitedConnection
from recsite.process_settings import IS_COMMAND, PROCESS_ROLE, RUNS_ON, WORKER_THREADS

DATABASE_MIN_CONNECTIONS = env.integer("DATABASE_MIN_CONNECTIONS", 1)
DATABASE_POOL_CONNECTIONS = env.integer("DATABASE_MAX_CONNECTIONS", 0, 1)
"""What is set for every role; 0 where each has the size that its threads need."""

DATABASE_MAX_CONNECTIONS = DATABASE_POOL_CONNECTIONS or pool_sizes.needed(PROCESS_ROLE, WORKER_THREADS)
DEPLOYED_ROLES = pool_sizes.read(env.pairs("DEPLOYED_ROLES"))
DATABASE_PATIENCE_SECS = env.integer("DATABASE_PATIENCE_SECS", 5, 1, 600)
if DATABASE_MIN_CONNECTIONS > DATABASE_MAX_CONNECTIONS:
    env.fail("DATABASE_MIN_CONNECTIONS is larger than DATABASE_MAX_CONNECTIONS.")


def _server(name: str, connect_secs: int, wait_secs: float) -> dict[str, Any]:
    """Return Django's settings of the server that a variable names."""
    server = env.database(name)
    server["OPTIONS"] = {"connect_timeout": connect_secs, **server.get("OPTIONS", {})}
    # A command needs one connection, and is told best by the server itself why it can't have it.
    if not IS_COMMAND:
        server["OPTIONS"]["pool"] = {
            "min_size": DATABASE_MIN_CONNECTIONS,
            "max_size": DATABASE_MAX_CONNECTIONS,
            "timeout": wait_secs,
            # Pauses between attempts double: giving up early lets the next request begin anew, once the server is back.
            "reconnect_timeout": 2,
            "connection_class": LimitedConnection,
        }
    # A server that came back leaves dead connections in the pool: look before one is handed out.
    server["CONN_HEALTH_CHECKS"] = True
    return server


# --- A pooler in between ---

DATABASE_DIRECT_URL = env.text("DATABASE_DIRECT_URL")
# Commands migrate, dump and take locks: they have few connections, and sessions of their own.
if DATABASE_DIRECT_URL:
    env.database("DATABASE_DIRECT_URL")
_name = "DATABASE_DIRECT_URL" if DATABASE_DIRECT_URL and not RUNS_ON else "DATABASE_URL"
DATABASES = {"default": _server(_name, 5, 5)}
if DATABASE_DIRECT_URL and RUNS_ON:
    # Such a cursor outlives its transaction, and a pooler has given the session to somebody else by then.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True

# --- The replica ---

DATABASE_READ_URL = env.text("DATABASE_READ_URL")
DATABASE_READ_MAX_LAG_SECS = env.integer("DATABASE_READ_MAX_LAG_SECS", 5, 1, 3600)
# How long a client that wrote reads from the primary: while the replica may be behind, and while the look that says so
# may be old (one second); one second more, for Redis, whose answer takes time.
DATABASE_READ_AFTER_WRITE_SECS = DATABASE_READ_MAX_LAG_SECS + 2
DATABASE_ROUTERS: list[str] = []
if DATABASE_READ_URL:
    if env.text("DATABASE_URL") == DATABASE_READ_URL:
        env.fail("DATABASE_READ_URL is the same as DATABASE_URL: name a replica, or leave it out.")
    # The primary answers where the replica doesn't: nobody waits long for it.
    DATABASES["replica"] = {
        **_server("DATABASE_READ_URL", 2, 1),
        "ENGINE": "recsite.platform.replica",
        "TEST": {"MIRROR": "default"},
    }
    DATABASE_ROUTERS = ["recsite.platform.replica.routing.Router"]
REPLICA_MODELS = (
    "catalog.Category",
    "catalog.EndUser",
    "catalog.Item",
    "interactions.BehaviourWindow",
    "interactions.DeadLetter",
    "interactions.Interaction",
    "interactions.PersonEvent",
    "interactions.Review",
    "platform.AuditEntry",
    "platform.SeriesPoint",
    "platform.WebhookDelivery",
    "recommender.Attribution",
    "recommender.CategoryTotals",
    "recommender.DailyImpressions",
    "recommender.ExperimentDay",
    "recommender.HourlyImpressions",
    "recommender.ItemImpressions",
    "recommender.ItemTotals",
    "recommender.ListImpression",
    "recommender.PositionImpressions",
    "recommender.ShadowDay",
)
"""The large tables: what happened, what was shown, and who and what there is. Not what decides who may do what or what
is served: sessions, keys, permissions, releases, placements, types, jobs."""
