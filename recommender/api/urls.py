from django.urls import path

from recommender.api import shelves, visits
from recommender.api.models import LiveModels
from recommender.api.recommendations import UserRecommendations

# The ids of users and items are our clients' own: a slash may be in them.
urlpatterns = [
    path("recommendations/users/<path:user_id>", UserRecommendations.as_view(), name="recommendations"),
    path("recommendations/items/<path:item_id>/similar", shelves.Similar.as_view(), name="similar"),
    path("recommendations/items/<path:item_id>/bought-together", shelves.BoughtTogether.as_view(), name="together"),
    path("recommendations/session", visits.SessionRecommendations.as_view(), name="session"),
    path("recommendations/batch", visits.BatchRecommendations.as_view(), name="batch"),
    path("recommendations/popular", shelves.Popular.as_view(), name="popular"),
    path("recommendations/latest", shelves.Latest.as_view(), name="latest"),
    path("recommendations/trending", shelves.TrendingNow.as_view(), name="trending"),
    path("models/live", LiveModels.as_view(), name="live-models"),
]
