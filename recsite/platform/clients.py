"""The address that a request comes from."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

HOME_NETWORK = 64
"""Bits of an IPv6 address that a household or a server has: whoever has one address has all below it."""


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, as the nearest proxy that is trusted saw it.

    Each proxy adds the address that it was called from at the end of X-Forwarded-For. With TRUSTED_PROXY_COUNT of them
    in front, the entry at that place from the end is true; those before it were sent by the client, who may write
    anything.
    """
    count: int = settings.TRUSTED_PROXY_COUNT
    direct: str = request.META.get("REMOTE_ADDR", "")
    if not count:
        return direct
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return seen[-count].strip() if len(seen) >= count and seen[-count].strip() else direct


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return what stands for an address where requests are counted: of IPv6 the network, of others the address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, HOME_NETWORK), strict=False).network_address)
    return str(found)
