"""What somebody holds who has stolen a database, a Redis, or a log: docs/SECURITY.md says what, and this proves it."""

import json
import logging
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

from recsite.celery import app
from recsite.local.paths import PROJECT
from recsite.logging import logging_config
from recsite.platform import issuing, keys, user_tokens
from recsite.platform.access import Scope
from recsite.platform.audit import SYSTEM
from recsite.platform.issuing import KeySettings
from recsite.platform.models import Session
from recsite.platform.sessions import SessionStore
from tests.erasure.places import in_redis, in_tables
from tests.platform.test_production import SAFE
from tests.platform.test_settings import SOUND
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
PASSWORD, WRONG_PASSWORD = "correct-horse-battery", "planted-wrong-password"
SECRET_FIELD = re.compile(r"(secret|password|token|hashed_key|session_key)$|^data$")
HASHED_OR_ENCRYPTED = {
    "auth.User.password": "Django's hash",
    "mfa.Authenticator.data": "encrypted by SECRET_KEY: tests/sign_in/test_second_factor.py",
    "platform.ApiKey.hashed_key": "SHA-512 of a random text",
    "platform.StaffLogin.password": "a hash of the hash",
}
UNUSED = ("socialaccount", "sessions", "rest_framework_api_key")
"""Tables of libraries that nothing is written to."""

AS_THEY_ARE = {
    "platform.ApiKey.signing_secret",
    "platform.Session.session_key",
    "platform.WebhookEndpoint.former_secret",
    "platform.WebhookEndpoint.secret",
    "recommender.Experiment.secret",
}
"""What opens or signs something for whoever reads the database; docs/SECURITY.md names each."""


def sign_in() -> Client:
    User.objects.create_superuser("grace", password=PASSWORD)
    client = Client()
    assert client.post("/admin/login/", {"username": "grace", "password": PASSWORD}).status_code == 302
    return client


def made_key(*scopes: Scope) -> str:
    return issuing.create(KeySettings("threats", scopes), SYSTEM)[1]


@pytest.fixture(autouse=True)
def no_keys_remembered() -> None:
    keys.forget()


def test_what_stands_in_the_database_as_it_is_has_a_line_in_the_document() -> None:
    found = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.managed and model._meta.app_label not in UNUSED
        for field in model._meta.get_fields()
        if getattr(field, "column", None) and SECRET_FIELD.search(field.name)
    }
    assert found - HASHED_OR_ENCRYPTED.keys() == AS_THEY_ARE
    document = (PROJECT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
    assert [name for name in AS_THEY_ARE if f"`{name.rpartition('.')[2]}`" not in document] == []


def test_keys_and_passwords_stand_nowhere_in_database_and_redis(shop: Shop) -> None:
    grace, secret = sign_in(), made_key(Scope.READ, Scope.WRITE)
    headers = {"Authorization": f"Api-Key {secret}"}
    assert Client().get("/api/v1/recommendations/users/ada", headers=headers).status_code == 200
    body = json.dumps({"username": "grace", "password": PASSWORD})
    tokens = Client().post("/api/v1/auth/token", body, "application/json").json()
    assert grace.get("/admin/").status_code == 200
    for planted in (secret, secret.partition(".")[2], PASSWORD, tokens["access"], tokens["refresh"]):
        assert (in_tables(planted), in_redis(planted)) == ([], []), planted
    assert in_redis(Session.objects.get().session_key) == []


def test_another_secret_key_ends_the_sessions_of_a_stolen_database(settings: Any) -> None:
    stolen = sign_in()
    key, former = Session.objects.get().session_key, settings.SECRET_KEY
    settings.SECRET_KEY = "another one " * 8
    assert not SessionStore(key).load()
    settings.SECRET_KEY_FALLBACKS = [former]
    assert SessionStore(key).load()
    assert stolen.get("/admin/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    # Used in between, it was signed anew.
    assert stolen.get("/admin/").status_code == 200


def test_whoever_writes_to_redis_runs_no_code_of_their_own() -> None:
    assert list(app.conf.accept_content) == ["json"]
    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps({"a": 1}), "application/x-python-serialize", "binary", accept=app.conf.accept_content)
    sources = [
        path for name in ("catalog", "interactions", "recommender", "recsite") for path in Path(name).rglob("*.py")
    ]
    assert len(sources) > 100
    unsafe = re.compile(r"^\s*(?:import|from) (?:pickle|marshal|shelve|dill|joblib)\b", re.MULTILINE)
    assert [path for path in sources if unsafe.search(path.read_text(encoding="utf-8"))] == []


def test_no_log_holds_what_opens_something(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = made_key(Scope.READ)
    page = issuing.create(
        KeySettings("pages", (Scope.READ,), is_browser=True, origins=["https://shop.example"]), SYSTEM
    )[1]
    prefix, _, signing = page.partition(".")
    token = user_tokens.make(signing, "ada", 4_102_444_800)
    list_of_ada, guess = "/api/v1/recommendations/users/ada", "abcdefgh.plantedplantedplantedplantedplan"
    grace = sign_in()
    grace.get("/admin/")
    wanted = [
        {"Authorization": f"Api-Key {secret}"},
        {"Authorization": f"Api-Key {guess}"},
        {"Authorization": "Bearer planted.bearer.token"},
        {"Authorization": f"Api-Key {prefix}", "Origin": "https://shop.example", "X-User-Token": token},
        {"Authorization": f"Api-Key {page}"},
    ]
    answers = [Client().get(list_of_ada, headers=headers).status_code for headers in wanted]
    assert answers == [200, 401, 401, 200, 401]
    Client().get(f"/api/v1/items?key={secret}")
    Client().post("/admin/login/", {"username": "grace", "password": WRONG_PASSWORD})
    assert len(caplog.records) > len(wanted)

    styles = logging_config("json", "DEBUG")["formatters"]
    lines = styles["lines"].pop("()")(**styles["lines"])
    access = styles["access"].pop("()")(**styles["access"])
    written = "\n".join(
        (access if isinstance(record.msg, dict) and record.name == "recsite.access" else lines).format(record)
        for record in caplog.records
        if not record.name.startswith("faker")
    )
    assert "/api/v1/recommendations/users/~" in written
    session = Session.objects.get().session_key
    planted = (
        secret.partition(".")[2],
        "plantedplanted",
        "planted.bearer",
        signing,
        token,
        session,
        PASSWORD,
        WRONG_PASSWORD,
    )
    assert [one for one in planted if one in written] == []


def test_cookies_and_https_in_production(tmp_path: Path) -> None:
    names = (
        *("SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SECURE"),
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_CONTENT_TYPE_NOSNIFF", "X_FRAME_OPTIONS"),
    )
    script = f"from django.conf import settings as s; print([getattr(s, n) for n in {names}])"
    own = {"PATH": os.defpath, "RECSITE_STATE": str(tmp_path), "DJANGO_SETTINGS_MODULE": "recsite.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, env={**own, **SOUND, **SAFE}, capture_output=True, text=True
    )
    assert done.stdout.strip() == str([True, True, "Lax", True, True, 31_536_000, True, "DENY"]), done.stderr
