"""Pages beside the lists of rows: what comes in from files, and what could not be stored."""

from django.contrib import admin
from django.urls import path

from interactions.admin import import_pages, import_uploads, letter_pages

guard = admin.site.admin_view
urlpatterns = [
    path("imports/", guard(import_pages.imports), name="imports"),
    path("imports/upload/", guard(import_uploads.upload), name="import-upload"),
    path("imports/<int:pk>/", guard(import_pages.import_page), name="import-page"),
    path("dead-letters/", guard(letter_pages.letter_groups_page), name="dead-letters"),
    path("dead-letters/group/", guard(letter_pages.letter_group_page), name="dead-letter-group"),
]
