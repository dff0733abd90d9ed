"""Types of what the API takes and answers. At run time they are plain dicts: new fields need no new client."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypedDict

Moment = datetime | date | str | float
"""A time: ISO 8601, a date, a Unix time, or Python's own."""

Json = dict[str, Any]


class ListOptions(TypedDict, total=False):
    """Parameters of lists; docs/API.md says which list takes which. One that a list doesn't take raises Invalid."""

    limit: int
    offset: int
    categories: list[str]
    tags: list[str]
    item_type: str
    filter: str
    exclude: list[str]
    placement: str
    algorithm: str
    release: int
    min_score: float
    max_per_category: int
    diversity: float
    collaborative_weight: float
    content_weight: float
    window_days: int
    method: str
    min_support: int
    explain: bool
    fields: list[str]


class ListedFields(TypedDict, total=False):
    """What `fields` asked for, of an item of a list."""

    item_type: str
    categories: list[str]
    tags: list[str]
    creator: str
    group: str
    published_at: str | None
    price: float | None


class Listed(TypedDict, total=False):
    """An item of a list."""

    item_id: str
    title: str
    rank: int
    score: float
    predicted_rating: float | None
    uncertainty: float | None
    confidence_interval: list[float] | None
    source: str
    reason: str | None
    because: list[Json] | None
    sources: dict[str, float] | None
    rules: list[Json]
    support: int
    confidence: float
    lift: float
    basis: str
    fields: ListedFields


class Recommendations(TypedDict, total=False):
    """A list. Send its `recommendation_id` back in the `context` of events that it led to."""

    user_id: str
    item_id: str
    recommendation_id: str
    items: list[Listed]
    algorithm: str
    variant: str | None
    model_version: int | None
    release: int | None
    placement: str
    placement_revision: int | None
    cold_start: bool
    cache_hit: bool
    total_available: int
    generated_at: str


class Batch(TypedDict):
    """One list for each user, in their order."""

    results: list[Recommendations]


class Review(TypedDict, total=False):
    """What a user wrote beside a rating."""

    title: str
    text: str


class _EventNeeds(TypedDict):
    user_id: str
    type: str


class Event(_EventNeeds, total=False):
    """Something that a user did."""

    item_id: str | None
    value: float | None
    occurred_at: Moment | None
    event_id: str | None
    context: Json | None
    review: Review | None


class StoredEvent(TypedDict, total=False):
    """An event of a history or an export."""

    event_id: str
    user_id: str
    item_id: str | None
    type: str
    value: float | None
    occurred_at: str
    context: Json
    undated: bool
    left_out_as: str | None
    review: Review


class Accepted(TypedDict):
    """A stored event; its status is `accepted` or `duplicate`."""

    event_id: str
    status: str


class RowResult(TypedDict, total=False):
    """The outcome of one row or event of many."""

    row: int
    status: str
    event_id: str
    item_id: str | None
    user_id: str | None
    errors: dict[str, str]


class EventResults(TypedDict, total=False):
    """The outcome of many events, in their order."""

    accepted: int
    duplicates: int
    refused: int
    erased: int
    opted_out: int
    results: list[RowResult]


class ItemFields(TypedDict, total=False):
    """The fields of an item that clients may write."""

    title: str
    description: str
    categories: list[str]
    tags: list[str]
    features: Json
    item_type: str
    is_available: bool
    available_from: Moment | None
    available_until: Moment | None
    group: str
    published_at: Moment | None


class Item(TypedDict, total=False):
    """An item as the API tells of it."""

    item_id: str
    title: str
    description: str
    categories: list[str]
    tags: list[str]
    features: Json
    item_type: str
    is_available: bool
    available_from: str | None
    available_until: str | None
    group: str
    published_at: str | None
    created_at: str
    updated_at: str


class UserFields(TypedDict, total=False):
    """The fields of a user that clients may write."""

    preferences: Json
    demographics: Json


class User(TypedDict, total=False):
    """A user as the API tells of them."""

    user_id: str
    created_at: str
    last_active: str | None
    preferences: Json
    demographics: Json
    opted_out_at: str | None


class ItemPage(TypedDict):
    """A page of items."""

    items: list[Item]
    next_cursor: str | None


class UserPage(TypedDict):
    """A page of users."""

    users: list[User]
    next_cursor: str | None


class EventPage(TypedDict):
    """A page of a history."""

    items: list[StoredEvent]
    next_cursor: str | None


class Tokens(TypedDict):
    """What a member of staff signs in with, for `expires_in` seconds: `Authorization: Bearer ACCESS`."""

    access: str
    refresh: str
    token_type: str
    expires_in: int


class Job(TypedDict, total=False):
    """Long work that was started; `is_over` says when it is done."""

    id: int
    kind: str
    title: str
    state: str
    progress: float
    message: str
    is_over: bool
    cancel_requested: bool
    attempts: int
    started_by: str
    door: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    log: list[str]


class JobPage(TypedDict):
    """A page of jobs."""

    jobs: list[Job]
    next_cursor: str | None
