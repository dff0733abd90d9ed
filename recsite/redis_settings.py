"""Read where Redis is: one server (a managed primary, too), or the Sentinels that know which one it is.

redis://[USER:PASSWORD@]HOST:PORT/0, rediss:// with TLS, unix:// on the same machine, and for Sentinels
redis+sentinel://[USER:PASSWORD@]HOST:26379,HOST:26379/SERVICE/0 (rediss+sentinel:// with TLS).
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from recsite import env

SENTINEL_PORT = 26_379
CONNECT_SECS, ANSWER_SECS = 0.25, 0.5
"""Whoever asks Redis has another way to answer, and takes it soon."""

LOOKS_LIKE = "It looks like redis+sentinel://HOST:26379,HOST:26379/SERVICE/0."


@dataclass(frozen=True)
class Redis:
    """Hold where Redis is, in the words of django-redis and of Celery."""

    url: str
    broker_url: str
    cache_options: dict[str, Any] = field(default_factory=dict)
    broker_options: dict[str, Any] = field(default_factory=dict)
    broker_tls: dict[str, Any] | None = None


def read(name: str, raw: str) -> Redis:
    """Read the value of a setting. What isn't supported stops the start with a sentence that has the setting's name."""
    scheme = raw.partition("://")[0]
    if scheme.endswith("+cluster"):
        env.fail(
            f"{name} asks for Redis Cluster, which can't be used: scripts, pipelines and Celery's queues need keys "
            "of several slots at once. Name a primary (cluster mode disabled) or Sentinels."
        )
    if scheme.removeprefix("rediss").removeprefix("redis") == "+sentinel":
        return _sentinels(name, raw, is_tls=scheme.startswith("rediss"))
    if "," in urlsplit(raw).netloc.rpartition("@")[2]:
        env.fail(f"{name} names several servers, but only Sentinels can be several. {LOOKS_LIKE}")
    url = env.redis_url(name, raw)
    return Redis(url, url)


def _sentinels(name: str, raw: str, is_tls: bool) -> Redis:
    parts = urlsplit(raw)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = (unquote(word) for word in login.partition(":"))
    addresses = [_address(name, host) for host in hosts.split(",")]
    service, _, number = parts.path.strip("/").partition("/")
    # Client libraries take the name for a host's, whose letters are small.
    if not re.fullmatch(r"[a-z0-9._-]+", service):
        env.fail(
            f"{name} names the service {service!r}, but small letters, digits, '.', '_' and '-' are needed. "
            f"{LOOKS_LIKE}"
        )
    if number and not number.isdecimal():
        env.fail(f"{name} ends in {number!r}, but the number of a database is needed, such as 0.")
    given = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if unknown := given.keys() - {"sentinel_username", "sentinel_password"}:
        env.fail(f"{name} has {min(unknown)}, but only sentinel_username and sentinel_password can stand behind the ?.")
    sentinel = {
        "socket_timeout": ANSWER_SECS,
        "socket_connect_timeout": CONNECT_SECS,
        **{key.removeprefix("sentinel_"): value for key, value in given.items()},
        **({"ssl": True} if is_tls else {}),
    }
    account = f"{quote(user, '')}:{quote(password, '')}@" if login else ""
    return Redis(
        f"redis://{account}{service}/{number or 0}",
        ";".join(f"sentinel://{account}{host}:{port}/{number or 0}" for host, port in addresses),
        {
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": addresses,
            "SENTINEL_KWARGS": sentinel,
        },
        {"master_name": service, "sentinel_kwargs": sentinel},
        {"ssl_cert_reqs": "required"} if is_tls else None,
    )


def _address(name: str, text: str) -> tuple[str, int]:
    try:
        host, port = urlsplit(f"//{text}").hostname, urlsplit(f"//{text}").port
    except ValueError:
        host, port = None, None
    if not host or port == 0:
        env.fail(f"{name} holds {text!r}, which is no address of a Sentinel. {LOOKS_LIKE}")
    return host, port or SENTINEL_PORT


def caches(server: Redis, pool_size: int) -> dict[str, Any]:
    """Return Django's CACHES."""
    is_tls = server.broker_tls is not None
    return {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": server.url,
            "OPTIONS": {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                "SOCKET_CONNECT_TIMEOUT": CONNECT_SECS,
                "SOCKET_TIMEOUT": ANSWER_SECS,
                "CONNECTION_POOL_KWARGS": {"max_connections": pool_size, **({"ssl": True} if is_tls else {})},
                **server.cache_options,
            },
        }
    }


REDIS_URL = env.text("REDIS_URL")
_server = read("REDIS_URL", REDIS_URL)
CACHES = caches(_server, env.integer("REDIS_POOL_SIZE", 20, 1))
_broker = read("CELERY_BROKER_URL", env.text("CELERY_BROKER_URL", REDIS_URL))
CELERY_BROKER_URL = _broker.broker_url
CELERY_BROKER_USE_SSL = _broker.broker_tls
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 6 * 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    **_broker.broker_options,
}
