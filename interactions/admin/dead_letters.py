import json
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import display

from interactions.models import DeadLetter
from interactions.replay import replay
from recsite.platform.audit import Actor
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import structured
from recsite.platform.humanize import ago
from recsite.platform.parsers import strict_json

LOOKED_AT = 1000
REPLAY = "_replay"
"""The name of the button that saves and replays."""


class SourceFilter(admin.SimpleListFilter):
    """Offer the sources of the latest letters."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = DeadLetter.objects.order_by("-received_at").values_list("source", flat=True)[:LOOKED_AT]
        return [(source, source) for source in sorted(set(latest))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class PayloadField(forms.JSONField):
    """Take an event as JSON; refuse what is no object and what PostgreSQL can't store."""

    empty_values = ("", None)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the text as it was typed, so that the form shows it again."""
        return InvalidJSONInput(data) if isinstance(data, str) else super().bound_data(data, initial)

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        try:
            found = strict_json(value.encode("utf-8", "surrogatepass"))
            if "\\u0000" in json.dumps(found):
                raise ValueError("A NUL character is not possible: leave it out")
        except (ValueError, RecursionError) as fault:
            raise forms.ValidationError(f"{str(fault).removesuffix('.') or 'This is nested too deeply'}.") from fault
        if not isinstance(found, dict):
            raise forms.ValidationError("An object is needed, with user_id, type and, nearly always, item_id.")
        return found


class DeadLetterForm(forms.ModelForm):
    class Meta:
        field_classes = {"payload": PayloadField}


@admin.register(DeadLetter)
class DeadLetterAdmin(AuditedAdmin):
    """Show accepted events that could not be stored: kept whole, with the reason, to be mended and replayed."""

    empty = "Every event that was accepted could be stored."
    # An erasure would not find the user's id in the record.
    audited_as, untold = "dead letter", ("payload", "reason")
    form = DeadLetterForm
    list_display = ("received", "reason", "source", "topic", "attempts")
    left_out_when_equal = ("topic",)
    actions = ("replay",)
    list_filter = ("kind", SourceFilter, "is_ignored")
    search_fields = ("reason",)
    search_help_text = "A part of the reason."
    ordering = ("-received_at",)
    sortable_by = ()
    fields = ("reason", "payload", ("source", "topic", "attempts"), ("kind", "named"), "received_at")
    readonly_fields = ("reason", "source", "topic", "attempts", "kind", "named", "received_at")

    def has_add_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: DeadLetter | None = None) -> list[Any]:
        """Show the payload as text to staff who may not mend it."""
        may_mend = self.has_change_permission(request, obj)
        return [name if name != "payload" or may_mend else "payload_text" for name in self.fields]

    def get_readonly_fields(self, request: HttpRequest, obj: DeadLetter | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "payload_text")

    payload_text = structured("payload")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("interactions.change_deadletter")

    @admin.action(description="Replay the chosen letters", permissions=["replay"])
    def replay(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        self._replay(request, list(letters.order_by("received_at", "pk")))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Replay after "Save and replay", once the mended text is committed: whatever happens then, it is kept."""
        response = super().change_view(request, object_id, form_url, extra_context)
        is_saved = REPLAY in request.POST and response.status_code == HTTPStatus.FOUND
        letter = self.get_object(request, object_id) if is_saved else None
        if letter is None:
            return response
        return redirect(request.path if self._replay(request, [letter]) else "admin:interactions_deadletter_changelist")

    def response_change(self, request: HttpRequest, obj: DeadLetter) -> HttpResponse:
        """Leave it to the replay to say what has happened."""
        return redirect(request.path) if REPLAY in request.POST else super().response_change(request, obj)

    def _replay(self, request: HttpRequest, letters: list[DeadLetter]) -> int:
        """Replay letters, note it in their history, and return how many still can't be stored."""
        said = replay(letters, actor=Actor.staff(request))
        dead = set(DeadLetter.objects.filter(pk__in=[one.pk for one in letters]).values_list("pk", flat=True))
        self.log_verb(request, [one for one in letters if one.pk not in dead], "Replayed: the event is stored.")
        self.log_verb(request, [one for one in letters if one.pk in dead], "Replayed: it still can't be stored.")
        messages.add_message(request, messages.WARNING if said.still_dead else messages.SUCCESS, str(said))
        return said.still_dead

    @display(description="received")
    def received(self, letter: DeadLetter) -> str:
        return ago(letter.received_at)
