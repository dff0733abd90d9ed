"""Tombstones of erased users: a keyed hash of each id, so that nobody can read from them who was erased.

The door that would make a user anew asks `refuse`. It asks for the rows that are new alone: an erased user has no row,
so a batch of known users costs nothing more. `refuse` and the erasing (`catalog.store.erase_users`) never overlap:
making users holds a lock on their table until the commit, and the erasing waits for it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b, sha512

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from catalog import erasure_journal
from catalog.models import EndUser, Erasure
from recsite.platform import audit, database
from recsite.platform.audit import Actor
from recsite.platform.exceptions import UserFacingError

REASON = "erased"
"""What a rejected line, a refused event and the API's error code say."""

DIGEST_BYTES = 32
SENTENCE = "This user was erased. Whoever may erase users can lift that, before the id is used again."

# Whoever makes users holds this lock already. In one trip with the question, whose snapshot is taken after the lock.
ASK_LOCKED = (
    "LOCK TABLE catalog_enduser IN ROW EXCLUSIVE MODE; SELECT digest FROM catalog_erasure WHERE digest = ANY(%s)"
)
ASK = "SELECT digest FROM catalog_erasure WHERE digest = ANY(%(digests)s::bytea[])"


@dataclass(frozen=True)
class ErasedUsers:
    """Name the users who are being erased: what every ERASURE_SINK gets, in the transaction of the erasing."""

    user_ids: tuple[str, ...]
    """The ids of the outside, unknown ones among them."""
    pks: tuple[int, ...]
    """The internal ids of those who had a row."""


class UserErased(UserFacingError):
    """Refuse the id of an erased user until the erasure is lifted (409)."""

    code = REASON

    def __init__(self) -> None:
        super().__init__(SENTENCE)


def digest(user_id: str) -> bytes:
    """Return the keyed hash (BLAKE2b, 32 bytes) of an id. Without ERASURE_KEY no id can be tried against it."""
    return blake2b(
        user_id.encode("utf-8", "surrogatepass"), key=_key(settings.ERASURE_KEY), digest_size=DIGEST_BYTES
    ).digest()


def erased_among(user_ids: Iterable[str]) -> set[str]:
    """Return the ids that belong to erased users, by one query; for doors that only hand events on."""
    by_digest = _by_digest(user_ids)
    if not by_digest:
        return set()
    return {by_digest[bytes(found)] for (found,) in database.prepared(ASK, {"digests": list(by_digest)})}


def refuse(new: Collection[str], others: Iterable[str] = ()) -> set[str]:
    """Remove those of the users just made whose ids were erased; return the erased ids, those of `others` included.

    For the caller's transaction, after the statement that made the users `new`. One query, none where nobody is new.
    """
    erased = _erased_under_lock({*new, *others})
    if made := erased.intersection(new):
        EndUser.objects.filter(user_id__in=made)._raw_delete("default")
    return erased


def is_anybody_erased() -> bool:
    """Tell whether there are tombstones, before many ids are compared with them."""
    return Erasure.objects.exists()


def lift(user_ids: Sequence[str], *, actor: Actor) -> int:
    """Allow erased ids again, and return how many were erased. What was erased does not come back."""
    return lift_rows(Erasure.objects.filter(digest__in=list(map(digest, user_ids))), actor=actor)


@transaction.atomic
def lift_rows(erasures: QuerySet[Erasure], *, actor: Actor) -> int:
    """Lift these erasures, as `lift` does; each is recorded by the beginning of its hash, as staff see it."""
    lifted = list(erasures.select_for_update())
    for one in lifted:
        audit.record(actor, "erasure.lift", "erasure", one)
    Erasure.objects.filter(pk__in=[one.pk for one in lifted]).delete()
    erasure_journal.note([bytes(one.digest) for one in lifted], erasure_journal.LIFTED)
    return len(lifted)


def export() -> list[str]:
    """Return all tombstones, in hexadecimal, to be kept apart from the backups."""
    return [bytes(one).hex() for one in Erasure.objects.order_by("pk").values_list("digest", flat=True)]


def add(digests: Sequence[str], *, actor: Actor) -> int:
    """Add tombstones that `export` wrote, and return how many these are. Raises ValueError for anything else."""
    try:
        found = {bytes.fromhex(one) for one in digests}
    except ValueError as error:
        raise ValueError("This is no file of erasures: one hash on each line is needed.") from error
    if any(len(one) != DIGEST_BYTES for one in found):
        raise ValueError(f"This is no file of erasures: a hash has {2 * DIGEST_BYTES} signs.")
    with transaction.atomic():
        Erasure.objects.bulk_create([Erasure(digest=one) for one in sorted(found)], ignore_conflicts=True)
        erasure_journal.note(found, erasure_journal.ERASED)
        audit.record(actor, "erasure.add", "erasure", f"{len(found):,}")
    return len(found)


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    """Derive a key of BLAKE2b's largest size: it takes no text of any length."""
    return sha512(secret.encode()).digest()


def _by_digest(user_ids: Iterable[str]) -> dict[bytes, str]:
    return {digest(user_id): user_id for user_id in user_ids}


def _erased_under_lock(user_ids: Iterable[str]) -> set[str]:
    """Return the ids of erased users; nobody is erased from here to the end of the transaction."""
    by_digest = _by_digest(user_ids)
    if not by_digest:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(ASK_LOCKED, [list(by_digest)])
        cursor.nextset()
        return {by_digest[bytes(found)] for (found,) in cursor.fetchall()}
