"""Staff sign in to the API by tokens: short ones, renewed by others that are good once, ended at once."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from recsite.platform import redis, staff_tokens, tasks
from recsite.platform.models import AuditEntry, IdempotentRequest, StaffLogin
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def post(what: str, **body: str) -> Any:
    return Client().post(f"/api/v1/auth/{what}", body, "application/json")


def tokens(boss: User) -> dict[str, Any]:
    answer = post("token", username="boss", password=PASSWORD)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def status(access: str, path: str = "items") -> int:
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {access}"}).status_code


def sentence(answer: Any) -> str:
    assert answer.status_code == 401, answer.content
    return str(answer.json()["error"]["message"])


def test_a_password_gives_tokens_that_open_the_api(boss: User) -> None:
    made = tokens(boss)
    assert (made["token_type"], made["expires_in"]) == ("Bearer", 900)
    # A lean operation, and one of REST framework.
    assert [status(made["access"], path) for path in ("items", "recommendations/popular", "models/live")] == [
        200,
        200,
        404,
    ]
    assert AuditEntry.objects.get().verb == "staff.sign_in"


def test_what_a_token_changes_needs_no_csrf_token_and_names_its_account(boss: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    access = tokens(boss)["access"]
    body = {"item_id": "emma", "title": "Emma"}
    answer = careful.post("/api/v1/items", body, "application/json", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 201
    entry = AuditEntry.objects.exclude(verb="staff.sign_in").get()
    assert (entry.actor_kind, entry.actor, entry.door) == ("staff", "boss", "api")


@pytest.mark.parametrize(("name", "password"), [("boss", "wrong"), ("nobody", PASSWORD), ("visitor", PASSWORD)])
def test_who_is_no_staff_gets_none(boss: User, name: str, password: str) -> None:
    User.objects.create_user("visitor", password=PASSWORD)
    assert sentence(post("token", username=name, password=password)).startswith("The name or the password is wrong")
    assert not StaffLogin.objects.exists()


def test_wrong_passwords_are_slowed(boss: User, settings: Any) -> None:
    for name in redis.call(lambda client: list(client.scan_iter("limit:sign-in-*"))):
        redis.roundtrip(("DEL", name))
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 2
    answers = [post("token", username="boss", password="wrong") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert int(answers[2]["Retry-After"]) > 0
    for name in redis.call(lambda client: list(client.scan_iter("limit:sign-in-*"))):
        redis.roundtrip(("DEL", name))


def test_a_refresh_token_is_good_once_and_a_copy_ends_the_sign_in(boss: User) -> None:
    first = tokens(boss)
    answer = post("refresh", refresh=first["refresh"])
    assert answer.status_code == 200
    second = answer.json()
    assert status(second["access"]) == 200
    assert "was used before" in sentence(post("refresh", refresh=first["refresh"]))
    assert "has ended" in sentence(post("refresh", refresh=second["refresh"]))
    assert status(second["access"]) == 401


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_a_sign_in_is_revoked_by_either_token(boss: User, kind: str) -> None:
    made, other = tokens(boss), tokens(boss)
    assert post("revoke", token=made[kind]).status_code == 204
    assert status(made["access"]) == 401
    assert "has ended" in sentence(post("refresh", refresh=made["refresh"]))
    assert status(other["access"]) == 200
    assert AuditEntry.objects.latest("pk").verb == "staff.sign_out"


def test_each_token_is_for_its_own_use(boss: User) -> None:
    made = tokens(boss)
    assert "the access token is needed" in sentence(
        Client().get("/api/v1/items", headers={"Authorization": f"Bearer {made['refresh']}"})
    )
    assert "the refresh token is needed" in sentence(post("refresh", refresh=made["access"]))


def test_a_token_expires(boss: User, settings: Any) -> None:
    settings.JWT_EXPIRE_MINUTES = -1
    assert "has expired" in sentence(
        Client().get("/api/v1/items", headers={"Authorization": f"Bearer {tokens(boss)['access']}"})
    )


def test_a_refresh_token_and_its_sign_in_expire_as_the_setting_says(boss: User, settings: Any) -> None:
    settings.JWT_REFRESH_EXPIRE_MINUTES = 60
    claims = jwt.decode(tokens(boss)["refresh"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] in (3599, 3600)
    StaffLogin.objects.update(expires_at=timezone.now())
    assert status(tokens(boss)["access"]) == 200


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_an_account_that_is_closed_ends_its_tokens(boss: User, change: dict[str, bool]) -> None:
    made = tokens(boss)
    User.objects.update(**change)
    assert status(made["access"]) == 401


def test_another_password_ends_the_tokens(boss: User) -> None:
    made = tokens(boss)
    boss.set_password("another")
    boss.save()
    assert status(made["access"]) == 401
    assert "password was changed" in sentence(post("refresh", refresh=made["refresh"]))


def test_secrets_can_be_rotated(boss: User, settings: Any) -> None:
    made = tokens(boss)
    old = settings.JWT_SECRET
    settings.JWT_SECRET, settings.JWT_SECRET_FALLBACKS = "n" * 64, [old]
    assert status(made["access"]) == 200
    settings.JWT_SECRET_FALLBACKS = []
    assert status(made["access"]) == 401


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_the_algorithm_is_the_setting_s_alone(boss: User, settings: Any, algorithm: str) -> None:
    settings.JWT_ALGORITHM = algorithm
    made = tokens(boss)
    assert jwt.get_unverified_header(made["access"])["alg"] == algorithm
    claims = jwt.decode(made["access"], options={"verify_signature": False})
    assert status(jwt.encode(claims, "", "none")) == 401
    assert status(jwt.encode(claims, settings.JWT_SECRET, "HS384")) == 401
    assert status(made["access"]) == 200


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "\x00"])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert status(token) == 401


def test_tokens_are_never_kept(boss: User) -> None:
    body = {"username": "boss", "password": PASSWORD}
    Client().post("/api/v1/auth/token", body, "application/json", headers={"Idempotency-Key": "a"})
    assert not IdempotentRequest.objects.exists()
    assert not any(part in str(StaffLogin.objects.values()) for part in ("eyJ", PASSWORD))


def test_sign_ins_that_are_over_are_deleted(boss: User) -> None:
    tokens(boss)
    StaffLogin.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.forget_requests()
    assert not StaffLogin.objects.exists()


def test_a_user_of_lists_is_no_staff(boss: User) -> None:
    factories.ada()
    with pytest.raises(staff_tokens.WrongToken):
        staff_tokens.holder("ada")
