"""Pages beside the lists of rows.

The pages of one user and of one item are here because the catalogue, whose rows they show, knows nothing of
recommendations.
"""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from recommender.admin import comparison, detail_pages, drift, estimates, person_questions, results

guard = admin.site.admin_view
moved = RedirectView.as_view
urlpatterns = [
    path("people/<int:pk>/", guard(detail_pages.person), name="person-page"),
    path("people/<int:pk>/what-if/", guard(person_questions.what_if_page), name="what-if"),
    path("items/<int:pk>/", guard(detail_pages.item), name="item-page"),
    path("compare/", guard(comparison.compare), name="compare"),
    path("compare/estimates/", guard(estimates.estimates), name="estimates"),
    path("drift/", guard(drift.charts), name="drift"),
    path("results/", guard(results.results), name="results"),
    # Addresses of earlier versions, which people have kept.
    path("things/<int:pk>/", moved(pattern_name="item-page", permanent=True)),
    path("figures/", moved(pattern_name="results", permanent=True, query_string=True)),
]
