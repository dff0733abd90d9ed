"""The consoles of a person and of an item: the catalogue, whose rows they show, knows nothing of recommendations."""

from django.contrib import admin
from django.urls import path

from recommender.admin import consoles

guard = admin.site.admin_view
urlpatterns = [
    path("people/<int:pk>/", guard(consoles.person), name="person-console"),
    path("things/<int:pk>/", guard(consoles.item), name="item-console"),
]
