from django.contrib import admin
from unfold.decorators import display

from catalog.models import MergedUser
from recsite.platform.console import ReadOnlyAdmin
from recsite.platform.humanize import ago


@admin.register(MergedUser)
class MergedUserAdmin(ReadOnlyAdmin):
    """Ids of visitors who became known users: what comes under such an id counts for the user it leads to."""

    empty = "No visitor was merged into a known user yet."
    list_display = ("user_id", "into", "merged")
    list_select_related = ("into",)
    search_fields = ("=user_id", "=into__user_id")
    search_help_text = "The whole id of the visitor or of the user."
    sortable_by = ()
    fields = (("user_id", "into"), "merged_at")

    @display(description="merged")
    def merged(self, one: MergedUser) -> str:
        return ago(one.merged_at)
