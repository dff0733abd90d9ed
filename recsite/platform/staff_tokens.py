"""Tokens of staff (JWT): a short one for requests, and a longer one that renews it, each time by another.

Every sign-in is a row, and its tokens name it: to revoke it, or to change the password, ends all of them at once. A
refresh token is good once. If it comes again, somebody has copied it, and the sign-in ends.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from recsite.platform import audit, database
from recsite.platform.audit import Actor, Kind
from recsite.platform.exceptions import UserFacingError
from recsite.platform.models import StaffLogin

ISSUER = "recsite"
ACCESS, REFRESH = "access", "refresh"
CLAIMS = ["exp", "iat", "iss", "jti", "sid", "typ"]


class WrongToken(UserFacingError):
    """The token is no good (401)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    access: str
    refresh: str
    expires_in: int
    """Seconds that the access token is good."""


def begin(user: Any) -> Tokens:
    """Begin a sign-in of a member of staff whose password was right."""
    with transaction.atomic():
        forget_old()
        ends = timezone.now() + timedelta(minutes=settings.JWT_REFRESH_EXPIRE_MINUTES)
        login = StaffLogin.objects.create(user=user, password=_password_of(user), expires_at=ends)
        audit.record(_actor(user), "staff.sign_in", "staff", user.get_username())
    return _tokens(login)


def renew(refresh: str) -> Tokens:
    """Return new tokens for a refresh token, which is good no more then. Raises WrongToken."""
    claims = _read(refresh, REFRESH)
    login = _login(claims)
    ends = timezone.now() + timedelta(minutes=settings.JWT_REFRESH_EXPIRE_MINUTES)
    fresh = {"refresh_id": uuid4(), "expires_at": ends}
    # Of two that come with the same token, one is renewed.
    if not StaffLogin.objects.filter(pk=login.pk, refresh_id=claims["jti"], revoked_at=None).update(**fresh):
        _end(login, "A refresh token came twice.")
        raise WrongToken("This refresh token was used before, so the sign-in has ended. Sign in again.")
    login.refresh_from_db()
    return _tokens(login)


def revoke(token: str) -> None:
    """End the sign-in of a token, of either kind. Raises WrongToken."""
    claims = _read(token, REFRESH, ACCESS)
    _end(_login(claims), "")


def end(login: StaffLogin, *, actor: Actor, reason: str) -> None:
    """End a sign-in for whoever may see it in the admin."""
    _end(login, reason, actor)


def holder(access: str) -> Any:
    """Return the account of an access token. Raises WrongToken, and DatabaseDown."""
    return _login(_read(access, ACCESS)).user


def forget_old() -> None:
    """Delete sign-ins that are over."""
    StaffLogin.objects.filter(expires_at__lt=timezone.now()).delete()


def _tokens(login: StaffLogin) -> Tokens:
    now = timezone.now()
    ends = now + timedelta(minutes=settings.JWT_EXPIRE_MINUTES)
    access = _sign(login, ACCESS, uuid4(), now, ends)
    refresh = _sign(login, REFRESH, login.refresh_id, now, login.expires_at)
    return Tokens(access, refresh, settings.JWT_EXPIRE_MINUTES * 60)


def _sign(login: StaffLogin, kind: str, token_id: UUID, now: datetime, ends: datetime) -> str:
    claims = {"iss": ISSUER, "sub": login.user.get_username(), "sid": str(login.pk), "jti": str(token_id), "typ": kind}
    return jwt.encode(claims | {"iat": now, "exp": ends}, settings.JWT_SECRET, settings.JWT_ALGORITHM)


def _read(token: str, *kinds: str) -> dict[str, Any]:
    for secret in (settings.JWT_SECRET, *settings.JWT_SECRET_FALLBACKS):
        try:
            claims: dict[str, Any] = jwt.decode(
                token, secret, algorithms=[settings.JWT_ALGORITHM], issuer=ISSUER, options={"require": CLAIMS}
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise WrongToken("The token has expired. Renew it at /api/v1/auth/refresh, or sign in again.") from error
        except jwt.InvalidTokenError:
            break
        if claims["typ"] not in kinds:
            raise WrongToken(f"This is the {claims['typ']} token: the {kinds[0]} token is needed here.")
        return claims
    raise WrongToken("The token is wrong. Sign in at /api/v1/auth/token.")


def _login(claims: dict[str, Any]) -> StaffLogin:
    rows = StaffLogin.objects.select_related("user").filter(revoked_at=None, expires_at__gt=timezone.now())
    login = database.ask(rows.filter(pk=claims["sid"]).first)
    user: Any = login and login.user
    if login is None or not (user.is_active and user.is_staff):
        raise WrongToken("The sign-in of this token has ended. Sign in again.")
    if not constant_time_compare(login.password, _password_of(user)):
        raise WrongToken("The password was changed. Sign in again.")
    return login


def _end(login: StaffLogin, reason: str, actor: Actor | None = None) -> None:
    with transaction.atomic():
        if StaffLogin.objects.filter(pk=login.pk, revoked_at=None).update(revoked_at=timezone.now()):
            by = actor or _actor(login.user)
            audit.record(by, "staff.sign_out", "staff", login.user.get_username(), reason=reason)


def _actor(user: AbstractBaseUser) -> Actor:
    return Actor(Kind.STAFF, user.get_username(), "api")


def _password_of(user: AbstractBaseUser) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()
