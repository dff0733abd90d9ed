"""Describe requests for lists of items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from recsite_client.answers import Batch, Job, ListOptions, Moment, Recommendations
from recsite_client.calls import Call, get, given, post

if TYPE_CHECKING:
    from typing_extensions import Unpack


def recommend_for_user(user_id: str, **options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return what the user has not seen yet, best first. Everybody gets a list, also users that nothing is known of."""
    return get("recommendations/users/{}", user_id, **options)


def recommend_for_many(user_ids: Iterable[str], **options: Unpack[ListOptions]) -> Call[Batch]:
    """Return a list for each of up to 100 users, in their order, at a small part of the price of as many calls."""
    return post("recommendations/batch", body={"user_ids": list(user_ids), **given(**options)})


def recommend_for_session(items: Iterable[str], **options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return recommendations for somebody unknown, by the items viewed; the last one counts most."""
    return post("recommendations/session", body={"items": list(items), **given(**options)})


def list_similar(item_id: str, **options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return items similar to one."""
    return get("recommendations/items/{}/similar", item_id, **options)


def list_bought_together(item_id: str, **options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return items that the same users bought."""
    return get("recommendations/items/{}/bought-together", item_id, **options)


def list_popular(**options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return what is popular."""
    return get("recommendations/popular", **options)


def list_latest(**options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return what came last."""
    return get("recommendations/latest", **options)


def list_trending(**options: Unpack[ListOptions]) -> Call[Recommendations]:
    """Return what gains most at the moment."""
    return get("recommendations/trending", **options)


def export_lists(
    *,
    format: str | None = None,  # noqa: A002 (the parameter's name)
    active_since: Moment | None = None,
    record: bool | None = None,
    idempotency_key: str | None = None,
    **options: Unpack[ListOptions],
) -> Call[Job]:
    """Start to write everybody's lists into a file, whose name the job says at its end."""
    body = given(format=format, active_since=active_since, record=record, **options)
    return post("recommendations/export", body=body, once=True, key=idempotency_key)
