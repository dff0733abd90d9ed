from django.urls import path

from recommender.api.models import LiveModels

urlpatterns = [path("models/live", LiveModels.as_view(), name="live-models")]
