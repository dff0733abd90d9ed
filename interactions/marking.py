"""Mark events that no customer's interest is behind: crawlers, staff, and what only a program can do so fast.

A marked event is kept and shown, and left out of what models learn and of every figure (see `interactions.exclusions`).
What its context says is judged when it is stored; how fast its user was, a moment later (`interactions.pace`).
"""

from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import crawleruseragents  # type: ignore[import-untyped]  # the library has no types
from django.conf import settings

from interactions.marks import Mark

LONGEST_AGENT = 1_000
"""Characters of a user agent that are looked at."""


def mark_of(context: dict[str, Any] | None) -> int:
    """Return the mark that an event's context calls for; nearly all have none of these names, and cost nothing."""
    if not context:
        return Mark.NONE
    if context.get("is_bot") is True:
        return Mark.FLAGGED
    if context.get("is_staff") is True or _is_staff(context.get("ip")):
        return Mark.STAFF
    agent = context.get("user_agent")
    if isinstance(agent, str) and is_crawler(agent):
        return Mark.CRAWLER
    return Mark.NONE


def flags_of(agent: str, address: str) -> dict[str, bool]:
    """Return what the request of a visitor's own browser says: names for the context of their events, nearly always
    none. The agent and the address themselves are not kept.
    """
    if _is_staff(address):
        return {"is_staff": True}
    return {"is_bot": True} if is_crawler(agent) else {}


def is_crawler(agent: str) -> bool:
    """Tell whether a user agent is in the list of known crawlers."""
    return _is_listed(agent[:LONGEST_AGENT])


@lru_cache(4096)
def _is_listed(agent: str) -> bool:
    """Look through some hundred patterns once for each agent: a tenth of a millisecond."""
    return bool(crawleruseragents.is_crawler(agent))


def _is_staff(address: object) -> bool:
    if not settings.STAFF_ADDRESSES or not isinstance(address, str):
        return False
    try:
        found = ip_address(address.strip())
    except ValueError:
        return False
    return any(found in network for network in settings.STAFF_ADDRESSES)
