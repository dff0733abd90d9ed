"""Pages beside the lists of rows.

The consoles of a person and of an item are here because the catalogue, whose rows they show, knows nothing of
recommendations.
"""

from django.contrib import admin
from django.urls import path

from recommender.admin import consoles, drift, served

guard = admin.site.admin_view
urlpatterns = [
    path("people/<int:pk>/", guard(consoles.person), name="person-console"),
    path("drift/", guard(drift.charts), name="drift"),
    path("figures/", guard(served.figures), name="figures"),
    path("things/<int:pk>/", guard(consoles.item), name="item-console"),
]
