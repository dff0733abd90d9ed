"""Merge users: what an anonymous visitor did becomes the known user's, for good, and so does what comes later.

The visitor's row goes; their id stays as another name of the known user. Whoever makes users asks `refuse` about the
new ones, as they ask `catalog.erasure.refuse`, and under the same lock: a merge waits for those who are making users,
and they find its names afterwards.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.module_loading import import_string

from catalog import erasure
from catalog.erasure import UserErased
from catalog.log_entries import anonymize
from catalog.models import EndUser, MergedUser
from catalog.people_lock import alone_with_users
from recsite.platform import audit, database
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid, UserFacingError
from recsite.platform.log_privacy import hashed

ASK = """
SELECT merged.user_id, known.user_id FROM catalog_mergeduser AS merged
JOIN catalog_enduser AS known ON known.id = merged.into_id
WHERE merged.user_id = ANY(%(user_ids)s::text[])
"""
ADD = """
INSERT INTO catalog_mergeduser (user_id, into_id, merged_at)
SELECT given.name, known.id, now() FROM unnest(%s::text[], %s::text[]) AS given (name, user_id)
JOIN catalog_enduser AS known ON known.user_id = given.user_id
WHERE NOT EXISTS (SELECT FROM catalog_enduser WHERE user_id = given.name)
ON CONFLICT (user_id) DO NOTHING
"""
ONESELF = "This is the same user: name another one."
OTHER = "This user was merged into another one already, and can't be merged twice."
SENTENCE = "This user was merged into another one: send the other's id."
UNDONE = "nobody was merged"


@dataclass(frozen=True)
class Merge:
    """Name the two users: what every MERGE_SINK gets, in the transaction of the merge."""

    user_id: str
    """The id of the outside that becomes another name."""
    pk: int
    """The internal id of the row that goes."""
    into: str
    into_pk: int


@dataclass(frozen=True)
class Merged:
    """Report a merge."""

    into: str
    """The id under which everything is kept now."""
    moved: int = 0
    """Events that changed hands."""


class UserMerged(UserFacingError):
    """Refuse to make a user under an id that is another name of a known one (409)."""

    code = "merged"

    def __init__(self) -> None:
        super().__init__(SENTENCE)


def merge(user_id: str, into: str, *, actor: Actor) -> Merged:
    """Make everything of one user another one's, and the id another name of theirs. Doing it again changes nothing.

    The known user's profile wins; what it doesn't say comes from the visitor's. Either may be unknown: the visitor's
    events may be on their way, and the known user is added. Raises Invalid where both are one, Conflict where the
    visitor was merged into somebody else, UserErased, and AlreadyRunning where users are stored without a pause.
    """
    return alone_with_users(lambda: _merge(user_id, into, actor), UNDONE)


def known_as(user_ids: Collection[str]) -> dict[str, str]:
    """Return, by those of these ids that are other names, the ids of the known users; one query."""
    if not user_ids:
        return {}
    return dict(database.prepared(ASK, {"user_ids": list(user_ids)}))


def refuse(new: Collection[str], others: Iterable[str] = ()) -> dict[str, str]:
    """Remove those of the users just made whose ids are other names; return the known ids, of `others` too.

    For the caller's transaction, after the statement that made the users `new`. No query where nobody is new.
    """
    found = known_as({*new, *others})
    if made := found.keys() & set(new):
        EndUser.objects.filter(user_id__in=made)._raw_delete("default")
    return found


def add_names(names: Mapping[str, Sequence[str]]) -> None:
    """Add other names of users, such as an export of another database has; those in use, or erased, are left out."""
    asked = {name: user_id for user_id, others in names.items() for name in others}
    for name in erasure.erased_among(asked):
        del asked[name]
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(ADD, [list(asked), list(asked.values())])


def names_of(user_ids: Collection[str]) -> list[str]:
    """Return the other names of these users."""
    return list(MergedUser.objects.filter(into__user_id__in=user_ids).values_list("user_id", flat=True))


def forget(user_ids: Collection[str], pks: Collection[int]) -> None:
    """Delete these names, and those of the users with these internal ids: they are being erased."""
    MergedUser.objects.filter(Q(user_id__in=user_ids) | Q(into__in=pks))._raw_delete("default")


def _merge(user_id: str, into: str, actor: Actor) -> Merged:
    if user_id == into:
        raise Invalid({"into": ONESELF})
    if erasure.erased_among([user_id, into]):
        raise UserErased
    names = known_as([user_id, into])
    into = names.get(into, into)
    if user_id == into:
        raise Invalid({"into": ONESELF})
    if user_id in names:
        if names[user_id] != into:
            raise Conflict({"user_id": OTHER})
        return Merged(into)
    known, _ = EndUser.objects.get_or_create(user_id=into)
    visitor = EndUser.objects.filter(user_id=user_id).first()
    moved = _move(visitor, known) if visitor else 0
    MergedUser.objects.create(user_id=user_id, into=known)
    after = {"merged": hashed(user_id), "events": moved}
    audit.record(actor, "merge", audit.USER, known.user_id, after=after)
    return Merged(known.user_id, moved)


def _move(visitor: EndUser, known: EndUser) -> int:
    merge = Merge(visitor.user_id, visitor.pk, known.user_id, known.pk)
    moved: int = sum(import_string(path)(merge) for path in settings.MERGE_SINKS)
    known.preferences = {**_object(visitor.preferences), **_object(known.preferences)}
    known.demographics = {**_object(visitor.demographics), **_object(known.demographics)}
    known.last_active = max(filter(None, (visitor.last_active, known.last_active)), default=None)
    was_out = known.opted_out_at is not None
    # Who said no once, under whichever name, has said no.
    known.opted_out_at = min(filter(None, (visitor.opted_out_at, known.opted_out_at)), default=None)
    known.save(update_fields=["preferences", "demographics", "last_active", "opted_out_at"])
    if known.opted_out_at is not None and not was_out:
        for path in settings.OPT_OUT_SINKS:
            import_string(path)([known.user_id], True)
    MergedUser.objects.filter(into=visitor).update(into=known)
    anonymize([visitor.pk], "a merged user")
    EndUser.objects.filter(pk=visitor.pk)._raw_delete("default")
    return moved


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
