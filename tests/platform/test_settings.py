"""A wrong setting stops the start with one sentence; .env.example names every setting there is, and no other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT

READ = re.compile(r"""env\.[a-z_]+\(\s*"([A-Z0-9_]+)\"""")
EXAMPLE = re.compile(r"^#?([A-Z0-9_]+)=(.*)$", re.MULTILINE)
SOUND = {"DATABASE_URL": "postgres://ada:secret@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
SECRET = "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-abcdef"
LIVE = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET, "ERASURE_KEY": f"another-{SECRET}"}
READERS = (
    "recsite/settings.py",
    "recsite/api_settings.py",
    "recsite/database_settings.py",
    "recsite/backup_settings.py",
    "recsite/redis_settings.py",
    "recsite/schedule_settings.py",
    "recsite/mail_settings.py",
    "recsite/model_settings.py",
    "recsite/series_settings.py",
    "recsite/import_settings.py",
    "recsite/kafka_settings.py",
    "recsite/sign_in_settings.py",
    "recsite/gunicorn.py",
    "recsite/process_settings.py",
    "recsite/training_settings.py",
    "recsite/tracing_settings.py",
)


def start(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "RECSITE_STATE": str(folder), **SOUND, **settings}
    command = [sys.executable, "-c", "import recsite.settings"]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe', but true or false is needed."),
        ({"ENVIRONMENT": "prod"}, "ENVIRONMENT is 'prod', but one of development, demo, production is needed."),
        ({"ENVIRONMENT": "production"}, "SECRET_KEY must be a random text of at least 50 characters in production."),
        (
            {"ENVIRONMENT": "production", "SECRET_KEY": SECRET},
            "ERASURE_KEY must be a random text of at least 50 characters in production.",
        ),
        ({**LIVE, "ERASURE_KEY": SECRET}, "ERASURE_KEY is the same as another secret: make a random text of its own."),
        ({"MAX_REQUEST_SIZE": "10MB"}, "MAX_REQUEST_SIZE is '10MB', but a whole number from 1024 up is needed."),
        (
            {"KAFKA_TOPIC_PREFIX": "bad name!"},
            "KAFKA_TOPIC_PREFIX is 'bad name!', but names of topics are letters, digits",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
            "KAFKA_SECURITY_PROTOCOL asks for SASL: set KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD as well.",
        ),
        ({"DRAIN_SECS": "31"}, "DRAIN_SECS is '31', but a whole number from 0 to 30 is needed."),
        (
            {"REDIS_URL": "127.0.0.1"},
            "REDIS_URL must start with redis:// or rediss://, such as",
        ),
        (
            {"DATABASE_URL": "mysql://x/y"},
            "DATABASE_URL must start with postgres://, because recsite stores everything",
        ),
        (
            {"SECRET_KEY": "changeme"},
            "SECRET_KEY must be a random text of at least 50 characters, or not be set at all",
        ),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY must be a random text of at least 50 characters, or not be set at all"),
        ({"ALLOWED_HOSTS": "https://a.example"}, "ALLOWED_HOSTS holds 'https://a.example', but a host name alone"),
        ({"ALLOWED_HOSTS": "a.example:8000"}, "ALLOWED_HOSTS holds 'a.example:8000', but a host name alone"),
        ({"ALLOWED_HOSTS": "*", **LIVE}, "ALLOWED_HOSTS is *, which lets anybody pass for this site"),
        ({"CSRF_TRUSTED_ORIGINS": "a.example"}, "CSRF_TRUSTED_ORIGINS holds 'a.example', but an origin is needed"),
        ({"CSRF_TRUSTED_ORIGINS": "https://a.example/x"}, "CSRF_TRUSTED_ORIGINS holds 'https://a.example/x', but"),
        ({"REDIS_URL": "redis+cluster://a:6379"}, "REDIS_URL asks for Redis Cluster, which can't be used:"),
        (
            {"REDIS_URL": "redis://a:6379,b:6379/0"},
            "REDIS_URL names several servers, but only Sentinels",
        ),
        ({"REDIS_URL": "redis+sentinel://a,b"}, "REDIS_URL names the service '', but small letters, digits,"),
        ({"REDIS_URL": "redis+sentinel://a:port/main"}, "REDIS_URL holds 'a:port', which is no address of a Sentinel."),
        ({"REDIS_URL": "redis+sentinel://a/main/x"}, "REDIS_URL ends in 'x', but the number of a database is needed"),
        (
            {"REDIS_URL": "redis+sentinel://a/main?db=1"},
            "REDIS_URL has db, but only sentinel_username and sentinel_password can stand behind the ?.",
        ),
        ({"CELERY_BROKER_URL": "amqp://x"}, "CELERY_BROKER_URL must start with redis:// or rediss://"),
        ({"DATABASE_URL": "postgres://a@b:5432/"}, "DATABASE_URL names no database."),
        ({"DATABASE_URL": "postgres://a@b:99999/x"}, "DATABASE_URL is no database address."),
        ({"REDIS_URL": "redis://a:port/0"}, "REDIS_URL is no address of a Redis."),
        ({"REDIS_URL": "redis://a:6379/first"}, "REDIS_URL ends in 'first', but the number of a database is needed"),
        (
            {"COLLABORATIVE_WEIGHT": "0.6", "CONTENT_BASED_WEIGHT": "0.5"},
            "COLLABORATIVE_WEIGHT and CONTENT_BASED_WEIGHT must sum to 1; one of them is enough.",
        ),
        ({"SIMILARITY_THRESHOLD": "2"}, "SIMILARITY_THRESHOLD is '2', but a number between 0 and 1 is needed."),
        ({"NMF_N_COMPONENTS": "0"}, "NMF_N_COMPONENTS is '0', but a whole number from 1 to 1000 is needed."),
        (
            {"MODEL_STORAGE_BUCKET": "models", "MODEL_STORAGE_PATH": "/srv/models"},
            "MODEL_STORAGE_BUCKET and MODEL_STORAGE_PATH are both set: models are stored in one place.",
        ),
        (
            {"MODEL_STORAGE_ENDPOINT": "http://minio:9000"},
            "MODEL_STORAGE_ENDPOINT and the like say how to reach a bucket: name it in MODEL_STORAGE_BUCKET.",
        ),
        (
            {"MODEL_STORAGE_BUCKET": "models", "MODEL_STORAGE_ACCESS_KEY": "a"},
            "MODEL_STORAGE_ACCESS_KEY and MODEL_STORAGE_SECRET_KEY go together: set both, or neither.",
        ),
        ({"TRAINING_ENGINE": "dask"}, "TRAINING_ENGINE is 'dask', but one of local, spark is needed."),
        ({"SPARK_MASTER": "http://spark:7077"}, "SPARK_MASTER is 'http://spark:7077', but local[*], spark://HOST:PORT"),
        ({"SPARK_SETTINGS": "memory=4g"}, "SPARK_SETTINGS holds 'memory', but names of Spark's own are needed"),
        ({"TRAINING_STORAGE_PATH": "s3://"}, "TRAINING_STORAGE_PATH is 's3://', but s3://BUCKET/PREFIX or a folder"),
        (
            {"JWT_SECRET": "changeme"},
            "JWT_SECRET must be a random text of at least 50 characters, or not be set at all.",
        ),
        ({"JWT_SECRET": SECRET, "SECRET_KEY": SECRET}, "JWT_SECRET is the same as another secret"),
        ({"JWT_ALGORITHM": "none"}, "JWT_ALGORITHM is 'none', but one of HS256, HS384, HS512 is needed."),
        ({"JWT_REFRESH_EXPIRE_MINUTES": "5"}, "JWT_REFRESH_EXPIRE_MINUTES is less than JWT_EXPIRE_MINUTES"),
        ({"RATE_LIMIT_PER_KEY": "0"}, "RATE_LIMIT_PER_KEY is '0', but a whole number from 1 to 10000000 is needed."),
        ({"TRUSTED_PROXY_COUNT": "-1"}, "TRUSTED_PROXY_COUNT is '-1', but a whole number from 0 to 20 is needed."),
        ({"DATABASE_READ_URL": SOUND["DATABASE_URL"]}, "DATABASE_READ_URL is the same as DATABASE_URL: name a replica"),
        ({"DATABASE_READ_URL": "mysql://x/y"}, "DATABASE_READ_URL must start with postgres://"),
        ({"DEPLOYED_ROLES": "web=many"}, "DEPLOYED_ROLES holds web=many, but numbers of web, worker, training,"),
        ({"DATABASE_DIRECT_URL": "postgres://a@b:5432/"}, "DATABASE_DIRECT_URL names no database."),
        ({"DATABASE_MIN_CONNECTIONS": "11"}, "DATABASE_MIN_CONNECTIONS is larger than DATABASE_MAX_CONNECTIONS."),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    done = start(tmp_path, **given)
    assert done.returncode == 1
    assert done.stderr.startswith(f"recsite can't start: {sentence}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("hosts", ["localhost,127.0.0.1,[::1]", ".example.com", "*"])
def test_every_kind_of_host_name_passes(tmp_path: Path, hosts: str) -> None:
    assert start(tmp_path, ALLOWED_HOSTS=hosts, CSRF_TRUSTED_ORIGINS="https://*.example.com").returncode == 0


def test_a_missing_server_is_one_sentence(tmp_path: Path) -> None:
    assert start(tmp_path, DATABASE_URL="").stderr.startswith("recsite can't start: DATABASE_URL is missing.")
    assert start(tmp_path, REDIS_URL="").stderr.startswith("recsite can't start: REDIS_URL is missing.")


def test_the_schedule_follows_the_settings(tmp_path: Path) -> None:
    for name, value, seconds in (
        ("MODEL_UPDATE_INTERVAL", "77", "77.0"),
        ("FULL_REBUILD_INTERVAL_HOURS", "3", "10800.0"),
    ):
        assert f"'schedule': {seconds}" in values(tmp_path, {name: value})
        assert f"'schedule': {seconds}" not in values(tmp_path, {})


SET_BY_THE_ENTRY_POINT = {"RECSITE_ROLE"}


def examples() -> dict[str, str]:
    return dict(EXAMPLE.findall((PROJECT / ".env.example").read_text()))


def test_the_example_names_every_setting_and_no_other() -> None:
    read = {name for path in READERS for name in READ.findall((PROJECT / path).read_text())}
    assert examples().keys() == read - SET_BY_THE_ENTRY_POINT


def test_the_example_s_values_are_the_defaults(tmp_path: Path) -> None:
    folders = {"RECSITE_STATE", "MODEL_STORAGE_PATH", "UPLOAD_STORAGE_PATH", "MODEL_CACHE_DIR", "CATALOGUE_CACHE_DIR"}
    names = [name for name in examples() if name not in {*SOUND, *folders}]
    given = {name: examples()[name] for name in names}
    assert values(tmp_path, given) == values(tmp_path, {})


def values(folder: Path, given: dict[str, str]) -> str:
    """All settings in upper case, as one text; those made of functions and lazy links apart."""
    plain = "{n: v for n, v in vars(settings).items() if n.isupper() and n not in ('LOGGING', 'UNFOLD')}"
    environment = {"PATH": os.defpath, "RECSITE_STATE": str(folder), **SOUND, **given}
    command = [sys.executable, "-c", f"from recsite import settings; print({plain})"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_former_name_still_works_and_says_how_it_is_called_now(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from recsite import settings; print(settings.IMPRESSION_RETENTION_MONTHS)"]
    environment = {"PATH": os.defpath, "RECSITE_STATE": str(tmp_path), **SOUND}
    for settings, expected in (
        ({"SERVED_LIST_RETENTION_MONTHS": "7"}, "7"),
        ({"SERVED_LIST_RETENTION_MONTHS": "7", "IMPRESSION_RETENTION_MONTHS": "5"}, "5"),
    ):
        done = subprocess.run(
            command, cwd=PROJECT, env={**environment, **settings}, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected
        assert ("is now called IMPRESSION_RETENTION_MONTHS" in done.stderr) == (expected == "7")


def test_a_misspelt_name_is_warned_about_and_others_are_left_alone(tmp_path: Path) -> None:
    slips = {"RATE_LIMIT_PERKEY": "7", "MODEL_UPDATE_INTERVALL": "60", "REDIS_PORT": "6379", "EDITOR": "vi"}
    # Set by the project's own commands.
    slips["RECSITE_STARTED"] = "1"
    said = start(tmp_path, **slips)
    assert said.returncode == 0
    assert "RATE_LIMIT_PERKEY is no setting of recsite. Is RATE_LIMIT_PER_KEY meant?" in said.stderr
    assert "MODEL_UPDATE_INTERVALL is no setting of recsite. Is MODEL_UPDATE_INTERVAL meant?" in said.stderr
    assert "REDIS_PORT" not in said.stderr
    assert "EDITOR" not in said.stderr
    assert "RECSITE_STARTED" not in said.stderr


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"OIDC_ISSUER": "https://login.example.com"}, "set all three, or none"),
        ({"OIDC_ROLES": "shop"}, "pairs are needed, such as name=value"),
        ({"OIDC_ROLES": "shop=Boss"}, "one of Viewer, Merchandiser, Operator, Administrator is needed"),
        ({"SECOND_FACTOR": "yes"}, "one of off, optional, required is needed"),
        (
            {"OIDC_ISSUER": "http://login.example.com", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"},
            "an https address is needed",
        ),
    ],
    ids=["half", "no pair", "no role", "no choice", "no https"],
)
def test_how_staff_sign_in_is_checked_at_the_start(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    done = start(tmp_path, **given)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
