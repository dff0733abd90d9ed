"""Take back one recorded change, as long as nothing has changed since."""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.module_loading import import_string

from recsite.platform import audit
from recsite.platform.access import Undo
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.platform.models import AuditEntry


class CannotUndo(UserFacingError):
    """Refuse to take a change back: the sentence says what has happened since, or what the record lacks."""


def known(entry: AuditEntry) -> Undo | None:
    """Return how a change is taken back; None where its inverse is not safe, or it was of too many objects to name."""
    how: Undo | None = settings.UNDO.get(entry.verb)
    return None if entry.object_id.endswith(f" {entry.object_type}s") else how


def verbs_of(user: User | AnonymousUser) -> list[str]:
    """Return the verbs that a member of staff may take back."""
    return [verb for verb, how in settings.UNDO.items() if user.has_perm(how.permission)]


def undo(entry_id: int, *, actor: Actor) -> AuditEntry:
    """Take a change back by the verb that makes such changes, and return the entry of that. Raises CannotUndo."""
    try:
        with transaction.atomic():
            return _undo(AuditEntry.objects.select_for_update().get(pk=entry_id), actor)
    except IntegrityError as error:
        raise CannotUndo("Something that it refers to is gone, so it can't be undone.") from error


def put_back(row: Model | None, entry: AuditEntry, recorded: Callable[[Any], Any] = lambda value: value) -> Any:
    """Set the fields of a row to what they were before a change; the caller stores it.

    `recorded` gives a value the form that the record keeps it in. Raises CannotUndo where the row is gone or one of
    the fields has changed since.
    """
    if row is None:
        raise CannotUndo(f"The {entry.object_type} is gone, so there is nothing to undo it on.")
    for name, after in entry.after.items():
        field: Any = row._meta.get_field(name)
        if _as_json(recorded(field.value_from_object(row))) != after:
            raise CannotUndo(f"The {field.verbose_name} has changed since: look at the {entry.object_type} first.")
        if name not in entry.before:
            raise CannotUndo(f"What the {field.verbose_name} was before is not recorded.")
        setattr(row, field.attname, field.to_python(entry.before[name]))
    return row


def put_back_row(rows: Any, by: str, entry: AuditEntry, actor: Actor) -> Any:
    """Put back and store the row whose field `by` the record names it by, and record it; for rows without a verb."""
    row = put_back(rows.select_for_update(of=("self",)).filter(**{by: entry.object_id}).first(), entry)
    # Before the rest, which may follow a reference: what it refers to may be gone.
    row.clean_fields()
    row.full_clean()
    row.save()
    audit.record(actor, entry.verb, entry.object_type, entry.object_id, before=entry.after, after=entry.before)
    return row


def _undo(entry: AuditEntry, actor: Actor) -> AuditEntry:
    how = known(entry)
    if how is None:
        raise CannotUndo("This kind of change can't be undone by a button: change the object itself.")
    undone_by = AuditEntry.objects.filter(undoes=entry).first()
    if undone_by:
        raise CannotUndo(f"{undone_by.actor} has undone it already.")
    with audit.undoing(entry):
        try:
            import_string(how.handler)(entry, actor=actor)
        except ValidationError as error:
            raise CannotUndo(f"It can't be undone: {' '.join(error.messages)}") from error
        except Invalid as error:
            raise CannotUndo(f"It can't be undone: {' '.join(error.errors.values())}") from error
    done = AuditEntry.objects.filter(undoes=entry).first()
    if done is None:
        raise CannotUndo("Everything is as it was before already.")
    return done


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
