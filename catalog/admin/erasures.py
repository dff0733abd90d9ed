from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from catalog import erasure
from catalog.admin.forms import Id
from catalog.models import Erasure
from recsite.platform.audit import Actor
from recsite.platform.console import ReadOnlyAdmin, dialog, leave_dialog
from recsite.platform.humanize import ago, pluralize

MAY_ERASE = "catalog.delete_enduser"
"""The permission to delete users: who may erase may lift."""


class LiftForm(BaseDialogForm):
    """Ask whose id is to be allowed again: nobody can read it from the list."""

    user_id = Id(label="User id")

    def clean_user_id(self) -> str:
        """Return the id, if its user was erased."""
        user_id: str = self.cleaned_data["user_id"]
        if not erasure.erased_among([user_id]):
            raise ValidationError("No user with this id was erased.")
        return user_id


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Tombstones of erased users. They hold a keyed hash of the id, so nobody can read here who was erased."""

    empty = "Nobody was erased."
    list_display = ("hash_start", "erased")
    ordering = ("-erased_at", "-pk")
    sortable_by = ()
    fields = ("hash_start", "erased_at", "swept_at")
    actions = ("lift_chosen",)
    actions_list = ("lift",)

    def has_lift_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(MAY_ERASE)

    @admin.action(description="Lift the chosen erasures", permissions=["lift"])
    def lift_chosen(self, request: HttpRequest, erasures: QuerySet[Erasure]) -> None:
        for one in erasures:
            self.log_change(request, one, "Lifted.")
        lifted = erasure.lift_rows(erasures, actor=Actor.staff(request))
        messages.success(request, f"{pluralize(lifted, 'erasure')} lifted: the ids may be used again.")

    @action(
        description="Lift an erasure",
        permissions=["lift"],
        dialog=dialog(
            "Allow the id of an erased user again?",
            "Events and imports may bring the user back as somebody new. What was erased does not come back.",
            "Lift",
            LiftForm,
        ),
    )
    def lift(self, request: HttpRequest, form: Any) -> HttpResponse:
        found = Erasure.objects.filter(digest=erasure.digest(form.cleaned_data["user_id"]))
        for one in found:
            self.log_change(request, one, "Lifted.")
        erasure.lift_rows(found, actor=Actor.staff(request))
        messages.success(request, "The erasure is lifted: the id may be used again.")
        return leave_dialog(request, "admin:catalog_erasure_changelist")

    @display(description="hash")
    def hash_start(self, one: Erasure) -> str:
        return str(one)

    @display(description="erased")
    def erased(self, one: Erasure) -> str:
        return ago(one.erased_at)
