"""Sign staff in by a provider of single sign-on (OpenID Connect): who may come in, and with which roles.

An account of staff is found by the address that the provider has verified. With OIDC_ROLES the provider's groups say
who is staff here: accounts are made at their first sign-in, and roles follow the groups at each one.
"""

import logging
from typing import Any, NoReturn

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from recsite.platform import audit
from recsite.platform.audit import Actor, Kind
from recsite.roles import ROLES

logger = logging.getLogger(__name__)
LONGEST_NAME = 150


class SingleSignOn(DefaultSocialAccountAdapter):
    """Decide who comes in by single sign-on."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Refuse what django-allauth calls a signup: accounts are found or made before it comes to that."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make the account of whoever the provider has let in, or answer why they can't come in."""
        claims = _claims(sociallogin)
        roles = _roles(claims)
        if settings.OIDC_ROLES and not roles:
            _refuse(request, f"Your account at {settings.OIDC_NAME} is in none of the groups that work here.")
        with transaction.atomic():
            user = sociallogin.user if sociallogin.is_existing else _account(request, claims)
            if not (user.is_active and user.is_staff):
                _refuse(request, f"The account {user.get_username()} is switched off, or isn't one of staff.")
            if settings.OIDC_ROLES:
                _follow_groups(user, roles)
            if not sociallogin.is_existing:
                sociallogin.connect(request, user)


def _claims(sociallogin: SocialLogin) -> dict[str, Any]:
    """Return what the provider says of somebody: its answer about the user goes before what stands in the token."""
    told = sociallogin.account.extra_data
    return {**(told.get("id_token") or {}), **(told.get("userinfo") or {})}


def _roles(claims: dict[str, Any]) -> set[str]:
    groups = claims.get(settings.OIDC_GROUPS_CLAIM) or []
    names = [groups] if isinstance(groups, str) else groups
    return {settings.OIDC_ROLES[name] for name in names if name in settings.OIDC_ROLES}


def _account(request: HttpRequest, claims: dict[str, Any]) -> User:
    address = str(claims.get("email") or "")
    if not address or claims.get("email_verified") not in (True, "true"):
        _refuse(
            request, f"{settings.OIDC_NAME} names no verified e-mail address of yours, by which you are known here."
        )
    found = list(User.objects.select_for_update().filter(email__iexact=address)[:2])
    if len(found) > 1:
        _refuse(request, f"More than one account here has the address {address}.")
    if found:
        return found[0]
    if not settings.OIDC_ROLES:
        _refuse(request, f"No account here has the address {address}.")
    return _make(address, claims)


def _make(address: str, claims: dict[str, Any]) -> User:
    """Make an account without a password, named as the provider names it, or by the address."""
    name = str(claims.get("preferred_username") or address)[:LONGEST_NAME]
    if User.objects.filter(username=name).exists():
        name = address[:LONGEST_NAME]
    user = User.objects.create_user(name, address, is_staff=True)
    audit.record(Actor(Kind.STAFF, name, "single sign-on"), "staff.add", "staff", name)
    return user


def _follow_groups(user: User, roles: set[str]) -> None:
    """Give an account the roles of its groups, and take those of the product that it is in no group for."""
    before = set(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    if before == roles:
        return
    user.groups.remove(*Group.objects.filter(name__in=before - roles))
    user.groups.add(*Group.objects.filter(name__in=roles - before))
    actor = Actor(Kind.STAFF, user.get_username(), "single sign-on")
    was, now = {"roles": sorted(before)}, {"roles": sorted(roles)}
    audit.record(actor, "staff.change", "staff", user.get_username(), before=was, after=now)


def _refuse(request: HttpRequest, sentence: str) -> NoReturn:
    logger.warning("Single sign-on was refused.", extra={"why": sentence})
    raise ImmediateHttpResponse(_page(request, sentence, 403))


def _page(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return render(request, "sign_in/refused.html", {"sentence": sentence, "name": settings.OIDC_NAME}, status=status)


def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider, which is asked where its pages are; where it doesn't answer, say so."""
    try:
        answer: HttpResponse = views.login(request, provider_id)
    except (requests.RequestException, ValueError, KeyError):
        logger.exception("The provider of single sign-on doesn't answer.")
        sentence = f"{settings.OIDC_NAME} doesn't answer. Try again in a moment, or sign in by password."
        return _page(request, sentence, 503)
    return answer
