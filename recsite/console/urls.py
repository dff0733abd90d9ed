"""Pages of the admin that ask several apps, and addresses of the theme's that lead elsewhere here."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, re_path

from recsite.console import (
    activity_page,
    alerts_page,
    finding,
    health_page,
    kafka_page,
    partitions_page,
    sessions_page,
    suggestions,
)
from recsite.console.overview import page as overview
from recsite.platform.admin.styleguide import styleguide
from recsite.platform.suggesting import ADDRESS

guard = admin.site.admin_view


def to_overview(request: HttpRequest, app: str) -> HttpResponse:  # noqa: ARG001 - named in the address
    """Lead from the index of an app, which lists its tables, to the first page."""
    return redirect("admin:index")


urlpatterns = [
    path("overview/", guard(overview.live), name="overview-live"),
    path("health/", guard(health_page.show), name="health-page"),
    path("health/live/", guard(health_page.live), name="health-live"),
    path("health/alerts/", guard(alerts_page.show), name="alerts-page"),
    path("health/partitions/", guard(partitions_page.show), name="partitions-page"),
    path("health/kafka/", guard(kafka_page.show), name="kafka-page"),
    path("health/schedule/<int:pk>/run/", guard(health_page.run_task), name="run-task"),
    path("health/schedule/<int:pk>/switch/", guard(health_page.switch_task), name="switch-task"),
    path("access/sessions/", guard(sessions_page.show), name="sessions-page"),
    path("access/sessions/end/", guard(sessions_page.end), name="session-end"),
    path("activity/<str:kind>/<int:pk>/", guard(activity_page.show), name="object-activity"),
    path("suggestions/<slug:kind>/", guard(suggestions.suggestions), name=ADDRESS),
    path("styleguide/", guard(styleguide), name="styleguide"),
    # In place of the theme's own, which keeps its name: that one reads every table, and remembers in Redis.
    path("search/", guard(finding.results), name="search"),
    re_path(r"^(?P<app>auth|catalog|django_celery_beat|interactions|platform|recommender)/$", guard(to_overview)),
]
