"""Every address of the product."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django_prometheus.exports import ExportToDjangoView

from recsite import health

handler400 = "recsite.platform.handlers.bad_request"
handler403 = "recsite.platform.handlers.forbidden"
handler404 = "recsite.platform.handlers.not_found"
handler500 = "recsite.platform.handlers.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("ping", health.ping, name="ping"),
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("admin/", admin.site.urls),
    path("platform/", include("recsite.platform.urls")),
]
if settings.PROMETHEUS_ENABLED:
    urlpatterns.append(path("metrics", ExportToDjangoView, name="metrics"))
