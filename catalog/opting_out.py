"""Let users opt out: they get what everybody gets, and nothing that they do from then on is kept.

What happened before stays, and is left out of training and figures for as long as they are out; an erasure takes it
away. Events that a client goes on sending are accepted, counted and dropped, at every door.
"""

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from prometheus_client import Counter

from catalog import erasure, merging
from catalog.erasure import UserErased
from catalog.merging import UserMerged
from catalog.models import EndUser
from recsite.platform import audit, database
from recsite.platform.audit import Actor

ASK = """
SELECT user_id FROM catalog_enduser WHERE user_id = ANY(%(user_ids)s::text[]) AND opted_out_at IS NOT NULL
"""
dropped = Counter("opted_out_events_total", "Events of users who opted out: accepted, and kept nowhere.")


def opt_out(user_id: str, *, actor: Actor) -> EndUser:
    """Opt a user out, also one of whom nothing is known yet; doing it again changes nothing. Raises UserErased."""
    with transaction.atomic():
        user_id = merging.known_as([user_id]).get(user_id, user_id)
        user, is_new = EndUser.objects.select_for_update().get_or_create(user_id=user_id)
        if is_new and erasure.refuse([user_id]):
            raise UserErased
        if is_new and merging.refuse([user_id]):
            # Merged a moment ago: asked again, the known user is found.
            raise UserMerged
        if user.opted_out_at is None:
            user.opted_out_at = timezone.now()
            user.save(update_fields=["opted_out_at"])
            audit.record(actor, "opt_out", audit.USER, user_id)
            _tell([user_id], is_out=True)
    return user


def opt_in(user_id: str, *, actor: Actor) -> bool:
    """Let a user take part again, with what was kept of before; return False where nobody is out under this id."""
    with transaction.atomic():
        user_id = merging.known_as([user_id]).get(user_id, user_id)
        changed = EndUser.objects.filter(user_id=user_id, opted_out_at__isnull=False).update(opted_out_at=None)
        if changed:
            audit.record(actor, "opt_in", audit.USER, user_id)
            _tell([user_id], is_out=False)
    return bool(changed)


def opted_out_among(user_ids: Collection[str]) -> set[str]:
    """Return the ids of users who are out, by one query."""
    if not user_ids:
        return set()
    return {user_id for (user_id,) in database.prepared(ASK, {"user_ids": list(user_ids)})}


def _tell(user_ids: Collection[str], *, is_out: bool) -> None:
    for path in settings.OPT_OUT_SINKS:
        import_string(path)(user_ids, is_out)
