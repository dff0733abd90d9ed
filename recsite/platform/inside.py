"""Tell who may see how the parts are, beyond whether it works at all."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import APIException

from recsite.platform.authentication import identify
from recsite.platform.clients import client_address
from recsite.platform.exceptions import UserFacingError


def may_see_inside(request: HttpRequest) -> bool:
    """Tell whether the request comes from INSIDE_NETWORKS, or from staff or a key."""
    return _is_near(client_address(request)) or _is_known(request)


def _is_near(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in settings.INSIDE_NETWORKS)


def _is_known(request: HttpRequest) -> bool:
    """Tell whether somebody asks whom we know; while nobody can look keys up, nobody is."""
    try:
        caller = identify(request)
        # Keys of browsers are in the pages of shops: everybody has them.
        return caller is not None and not caller.user
    except (APIException, UserFacingError):
        return False
