"""Every address of the product."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from recsite import health
from recsite.admin import own_password
from recsite.metrics import metrics

handler400 = "recsite.platform.handlers.bad_request"
handler403 = "recsite.platform.handlers.forbidden"
handler404 = "recsite.platform.handlers.not_found"
handler500 = "recsite.platform.handlers.server_error"

# Tried in this order: the most frequent come first.
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("recommender.api.urls")),
    path("api/v1/", include("interactions.api.urls")),
    path("api/v1/", include("catalog.api.urls")),
    path("api/v1/", include("recsite.platform.api.urls")),
    path("gorse/api/", include("recommender.api.gorse.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("api/redoc/", SpectacularRedocView.as_view(), name="redoc"),
    path("ping", health.ping, name="ping"),
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("admin/", include("recommender.admin.urls")),
    path("admin/", include("interactions.admin.urls")),
    path("admin/", include("recsite.console.urls")),
    # Before the admin's own of the same address, which keeps its name.
    path("admin/password_change/", admin.site.admin_view(own_password, cacheable=True)),
    path("admin/", admin.site.urls),
]
if settings.SIGN_IN_PAGES:
    # Before the admin's own page, which keeps its name.
    urlpatterns.insert(0, path("admin/", include("recsite.sign_in.urls")))
if settings.STOREFRONT_ENABLED:
    urlpatterns.append(path("", include("storefront.urls")))
else:
    urlpatterns.append(path("", RedirectView.as_view(pattern_name="admin:index"), name="start"))
if settings.PROMETHEUS_ENABLED:
    urlpatterns.append(path("metrics", metrics, name="metrics"))
