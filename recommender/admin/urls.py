"""Pages beside the lists of rows.

The pages of one user and of one item are here because the catalogue, whose rows they show, knows nothing of
recommendations.
"""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from recommender.admin import (
    comparison,
    drift,
    estimates,
    item_page,
    item_rules,
    person_compare,
    person_page,
    person_questions,
    results,
)

guard = admin.site.admin_view
moved = RedirectView.as_view
urlpatterns = [
    path("people/<int:pk>/", guard(person_page.person), name="person-page"),
    path("people/<int:pk>/compare/", guard(person_compare.compare), name="person-compare"),
    path("people/<int:pk>/history/", guard(person_page.history), name="person-history"),
    path("people/<int:pk>/data/", guard(person_page.data), name="person-data"),
    path("people/<int:pk>/what-if/", guard(person_questions.what_if_page), name="what-if"),
    path("items/<int:pk>/", guard(item_page.item), name="item-page"),
    path("items/<int:pk>/rule/", guard(item_rules.item_rule), name="item-rule"),
    path("items/<int:pk>/availability/", guard(item_rules.availability), name="item-availability"),
    path("compare/", guard(comparison.compare), name="compare"),
    path("compare/estimates/", guard(estimates.estimates), name="estimates"),
    path("drift/", guard(drift.charts), name="drift"),
    path("results/", guard(results.page), name="results"),
    path("results/csv/", guard(results.download), name="results-csv"),
    # Addresses of earlier versions, which people have kept.
    path("things/<int:pk>/", moved(pattern_name="item-page", permanent=True)),
    path("figures/", moved(pattern_name="results", permanent=True, query_string=True)),
]
