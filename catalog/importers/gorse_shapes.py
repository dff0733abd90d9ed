"""Turn users, items and feedback as Gorse writes them into ours, and back. Files and its routes share it.

Labels of an item become tags (its texts) and features (the rest), `Comment` the title, `IsHidden` not available; labels
of a user become demographics. What the labels were can be told again from what they became.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils
from dateutil import parser as dateutil

from catalog.importers.fields import MAX_TITLE_LENGTH, clean, identifier, labels, title
from catalog.importers.records import storable
from catalog.importers.rows import BadField, ItemRow, UserRow
from catalog.importers.times import NEWEST_PUBLISHED, OLDEST_PUBLISHED, unix_seconds

Record = Mapping[str, Any]
NAMESPACE = uuid_utils.uuid5(uuid_utils.NAMESPACE_URL, "recsite:feedback")
MOST_TAGS = 100
LABELS, COMMENT, TAGS = "labels", "comment", "tags"
"""Where labels that are no object are kept among features and demographics; a user's comment; tags beside features."""

NO_TIME = "0001-01-01T00:00:00Z"
"""How Gorse writes that there is no time."""

NOTHING: tuple[Any, ...] = (None, "", [], {})
SAMPLES = (datetime(2001, 2, 3), datetime(2004, 5, 6))  # noqa: DTZ001 - the text may bring a zone
LONGEST_TIME = 100


def event_id(kind: str, user_id: str, item_id: str) -> UUID:
    """Return the id of the one event that stands for feedback: Gorse knows it by its type, user and item."""
    return UUID(bytes=uuid_utils.uuid5(NAMESPACE, f"{kind}\0{user_id}\0{item_id}").bytes)


def moment(value: object) -> datetime | None:
    """Return the time that a text or a number means, in any common way of writing it; None where there is none.

    Raises BadField. Times without a zone are UTC; one that names no whole date is refused rather than completed.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadField("Timestamp is neither a text nor a number")
    text = str(value).strip()
    if not text or text.startswith("0001-01-01"):
        return None
    try:
        return datetime.fromtimestamp(unix_seconds(text), UTC)
    except (BadField, ValueError, OverflowError, OSError):
        return _in_other_words(text)


def published(value: object) -> datetime | None:
    """Return the time of an item, which may be long past. Raises BadField."""
    when = moment(value)
    if when is not None and not OLDEST_PUBLISHED <= when.timestamp() <= NEWEST_PUBLISHED:
        raise BadField(f"Timestamp {str(value)[:50]} lies outside 1000-01-01 to 2199-12-31")
    return when


def written(when: datetime | None) -> str:
    """Return a time as RFC 3339."""
    return NO_TIME if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _in_other_words(text: str) -> datetime:
    wrong = BadField(f"Timestamp {text[:50]!r} is no date with a year, a month and a day")
    if len(text) > LONGEST_TIME:
        raise wrong
    try:
        # What the text leaves out would be filled in from the sample: then it is no date.
        first, second = (dateutil.parse(text, default=sample) for sample in SAMPLES)
        if first != second:
            raise wrong
        return (first if first.tzinfo else first.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError) as error:
        raise wrong from error


def text_of(record: Record, name: str) -> str:
    """Return a text; an empty one where it is missing or null. Raises BadField for anything else."""
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadField(f"{name} is not a text")
    return clean(value, name)


def id_of(record: Record, name: str) -> str:
    """Return an id in its one form. Raises BadField."""
    value = record.get(name)
    if not isinstance(value, str):
        raise BadField(f"{name} is not a text")
    return identifier(value, name)


def without_slash(one: str) -> str:
    """Return an id that can stand in an address of Gorse. Raises BadField."""
    if "/" in one:
        raise BadField(f"the id {one[:50]!r} holds a slash, which no address here can; /api/v1 takes it")
    return one


def labels_within(given: object) -> None:
    """Check labels of feedback, which are kept as they are. Raises BadField."""
    storable({LABELS: given}, "Labels")


def item_row(record: Record) -> ItemRow:
    """Make an item of Gorse's `{ItemId, IsHidden, Categories, Timestamp, Labels, Comment}`. Raises BadField."""
    item_id = id_of(record, "ItemId")
    name, description = title_of(item_id, text_of(record, "Comment"))
    tags, features = tags_and_features(record.get("Labels"))
    return ItemRow(
        item_id,
        name,
        description,
        categories_of(record.get("Categories")),
        tags,
        features,
        published_at=published(record.get("Timestamp")),
        is_available=False if hidden(record.get("IsHidden")) else None,
    )


def user_row(record: Record) -> UserRow:
    """Make a user of Gorse's `{UserId, Labels, Comment}`. Raises BadField."""
    return UserRow(id_of(record, "UserId"), demographics(record.get("Labels"), text_of(record, "Comment")))


def hidden(value: object) -> bool:
    """Return what `IsHidden` says; missing is false. Raises BadField."""
    if value is not None and not isinstance(value, bool):
        raise BadField("IsHidden is neither true nor false")
    return bool(value)


def categories_of(value: object) -> tuple[str, ...]:
    """Return the names of a list. Raises BadField."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadField("Categories is not a list of texts")
    return labels(value, "Categories")


def title_of(item_id: str, comment: str) -> tuple[str, str]:
    """Return title and description: a comment that is too long for a title is kept whole as the description."""
    return (title(comment), comment if len(comment) > MAX_TITLE_LENGTH else "") if comment else (item_id, "")


def comment_of(item_id: str, name: str, description: str) -> str:
    """Return what the comment of an item was, or would have been."""
    if name == item_id:
        return ""
    return description if name.endswith("…") and description.startswith(name[:-1]) else name


def tags_and_features(given: object) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return what an item's labels are here: all texts in them as tags, and what is more than a list of texts whole."""
    if given in NOTHING:
        return (), {}
    texts = labels(list(_texts(given)), "Labels")[:MOST_TAGS]
    if isinstance(given, dict):
        return texts, storable(given, "Labels")
    if given == list(texts):
        return texts, {}
    return texts, storable({LABELS: given}, "Labels")


def labels_of_item(tags: Sequence[str], features: Record) -> Any:
    """Return an item as labels: an object where it has features, else its tags."""
    if not features:
        return list(tags) or None
    inner = features[LABELS] if features.keys() == {LABELS} else dict(features)
    more = [tag for tag in tags if tag not in set(labels(list(_texts(inner)), TAGS))]
    if not more:
        return inner
    return {**features, TAGS: more}


def demographics(given: object, comment: str) -> dict[str, Any]:
    """Return what is known of a user here, given their labels and the comment. Raises BadField."""
    known = {} if given in NOTHING else dict(given) if isinstance(given, dict) else {LABELS: given}
    return storable({**known, **({COMMENT: comment} if comment else {})}, "Labels")


def labels_of_user(known: Record) -> tuple[Any, str]:
    """Return a user's labels and the comment."""
    others = {name: value for name, value in known.items() if name != COMMENT}
    comment = known.get(COMMENT, "")
    return (others[LABELS] if others.keys() == {LABELS} else others or None), comment if isinstance(
        comment, str
    ) else ""


def _texts(given: object) -> Iterator[str]:
    """Yield the texts in labels, whatever the lists and objects that they lie in."""
    waiting = [given]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(reversed(list(one.values())))
        elif isinstance(one, list):
            waiting.extend(reversed(one))
