from django.urls import path

from recommender.api.models import LiveModels
from recommender.api.recommendations import UserRecommendations

# A user's id is our clients' own: a slash may be in it.
urlpatterns = [
    path("recommendations/users/<path:user_id>", UserRecommendations.as_view(), name="recommendations"),
    path("models/live", LiveModels.as_view(), name="live-models"),
]
