"""Buttons on a user's page: opt them out, let them take part again, merge a visitor into a known user."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from catalog import merging, opting_out
from catalog.admin.forms import Id
from recsite.platform.audit import Actor
from recsite.platform.console import ConsoleAdmin, dialog, leave_dialog
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import pluralize
from recsite.platform.suggesting import Kind, SuggestingInput


class MergeForm(BaseDialogForm):
    """Ask for the known user whom the visitor has turned out to be."""

    into = Id(label="Id of the known user", widget=SuggestingInput(Kind.USER))


class PrivacyActions(ConsoleAdmin):
    """A mixin with what a user may ask for. Each is the verb that the API calls, and recorded by it."""

    def has_opt_out_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_change(request) and not self._is_out(request, object_id)

    def has_opt_in_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_change(request) and self._is_out(request, object_id)

    def has_merge_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_change(request)

    @action(
        description="Opt out",
        icon="visibility_off",
        permissions=["opt_out"],
        dialog=dialog(
            "Opt this user out?",
            "They get what everybody gets. What they do from now on is kept nowhere; what was kept before is left out "
            "of trainings.",
            "Opt out",
        ),
    )
    def opt_out(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        opting_out.opt_out(self.get_or_404(request, object_id).user_id, actor=Actor.staff(request))
        sentence = "The user is out: lists of their own are gone, and new events are kept nowhere."
        return _say(request, object_id, sentence)

    @action(
        description="Let take part again",
        icon="visibility",
        permissions=["opt_in"],
        dialog=dialog("Let this user take part again?", "With what was kept before they opted out.", "Let take part"),
    )
    def opt_in(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        opting_out.opt_in(self.get_or_404(request, object_id).user_id, actor=Actor.staff(request))
        return _say(request, object_id, "The user takes part again.")

    @action(
        description="Merge",
        icon="merge",
        permissions=["merge"],
        dialog=dialog(
            "Merge this visitor into a known user?",
            "Events, lists and what comes later under this id become the known user's. It can't be undone.",
            "Merge",
            MergeForm,
        ),
    )
    def merge(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        visitor = self.get_or_404(request, object_id)
        try:
            done = merging.merge(visitor.user_id, form.cleaned_data["into"], actor=Actor.staff(request))
        except UserFacingError as error:
            return _say(request, object_id, str(error), messages.ERROR)
        messages.success(request, f"Merged into {done.into}: {pluralize(done.moved, 'event')} changed hands.")
        return leave_dialog(request, "admin:catalog_enduser_changelist")

    def _may_change(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("catalog.change_enduser"))

    def _is_out(self, request: HttpRequest, object_id: str | None) -> bool:
        user = self.get_object(request, object_id) if object_id else None
        return bool(user and user.opted_out_at)


def _say(request: HttpRequest, object_id: str, sentence: str, level: int = messages.SUCCESS) -> HttpResponse:
    """Lead back to the user's page, which says what became of it."""
    messages.add_message(request, level, sentence)
    return leave_dialog(request, "admin:catalog_enduser_change", object_id)
