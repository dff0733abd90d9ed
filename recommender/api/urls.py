from django.urls import path

from recommender.api import item_lists, public_lists, session_and_batch
from recommender.api.models import LiveModels
from recommender.api.recommendations import UserRecommendations

# The ids of users and items are our clients' own: a slash may be in them.
urlpatterns = [
    path("recommendations/users/<anytext:user_id>", UserRecommendations.as_view(), name="recommendations"),
    path("recommendations/items/<anytext:item_id>/similar", item_lists.SimilarItems.as_view(), name="similar"),
    path(
        "recommendations/items/<anytext:item_id>/bought-together", item_lists.BoughtTogether.as_view(), name="together"
    ),
    path("recommendations/session", session_and_batch.SessionRecommendations.as_view(), name="session"),
    path("recommendations/batch", session_and_batch.BatchRecommendations.as_view(), name="batch"),
    path("recommendations/popular", public_lists.PopularItems.as_view(), name="popular"),
    path("recommendations/latest", public_lists.LatestItems.as_view(), name="latest"),
    path("recommendations/trending", public_lists.TrendingItems.as_view(), name="trending"),
    path("models/live", LiveModels.as_view(), name="live-models"),
]
