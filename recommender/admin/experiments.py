from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.decorators import display

from recommender.admin import experiment_pages
from recommender.models import Experiment
from recsite.platform.console import ReadOnlyAdmin
from recsite.platform.humanize import EMPTY, ago


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """Compare variants of a placement on live traffic, and ship what is better."""

    empty = "There is no experiment yet. Make one: it shows nothing to anybody before it is started."
    list_display = ("key", "placement", "kind_label", "state_label", "started", "ended", "shipped_label")
    list_filter = ("state", "kind")
    search_fields = ("key", "hypothesis", "placement")
    sortable_by = ()
    list_before_template = "admin/recommender/experiment/before_list.html"

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        pages = [
            path(f"<int:pk>/{name}/", guard(view), name=f"experiment-{name}")
            for name, view in experiment_pages.PAGES.items()
        ]
        return [path("new/", guard(experiment_pages.new), name="experiment-new"), *pages, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the result."""
        experiment: Experiment = self.get_or_404(request, object_id)
        if not self.has_view_permission(request, experiment):
            raise PermissionDenied("Your account lacks the permission recommender.view_experiment.")
        return experiment_pages.result(request, experiment)

    @display(description="kind")
    def kind_label(self, experiment: Experiment) -> str:
        return experiment.get_kind_display()

    @display(description="state", label={"running": "success", "paused": "warning", "draft": "info"})
    def state_label(self, experiment: Experiment) -> str:
        return experiment.state

    @display(description="started")
    def started(self, experiment: Experiment) -> str:
        return ago(experiment.started_at)

    @display(description="stopped")
    def ended(self, experiment: Experiment) -> str:
        return ago(experiment.stopped_at)

    @display(description="shipped")
    def shipped_label(self, experiment: Experiment) -> str:
        return experiment.shipped or EMPTY
