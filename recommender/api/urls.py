from django.urls import path

from recommender.api import (
    analytics,
    cache,
    comparison,
    item_lists,
    list_exports,
    models,
    operating,
    placements,
    public_lists,
    session_and_batch,
    why_not,
)
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
    path("recommendations/export", list_exports.ExportLists.as_view(), name="export-lists"),
    path("recommendations/popular", public_lists.PopularItems.as_view(), name="popular"),
    path("recommendations/latest", public_lists.LatestItems.as_view(), name="latest"),
    path("recommendations/trending", public_lists.TrendingItems.as_view(), name="trending"),
    path("models/live", models.LiveModels.as_view(), name="live-models"),
    path("models", models.ModelList.as_view(), name="models"),
    path("models/train", operating.TrainModels.as_view(), name="train"),
    path("models/reload", operating.ReloadModels.as_view(), name="reload"),
    path("models/<number:model_id>", models.ModelDetail.as_view(), name="model"),
    path("releases", models.ReleaseList.as_view(), name="releases"),
    path("releases/compare", comparison.CompareReleases.as_view(), name="compare-releases"),
    path("releases/rollback", operating.RollBackRelease.as_view(), name="rollback"),
    path("releases/<number:release_id>/promote", operating.PromoteRelease.as_view(), name="promote"),
    path("releases/<number:release_id>", models.ReleaseDetail.as_view(), name="release"),
    path("placements", placements.PlacementList.as_view(), name="placements"),
    path("placements/<slug:name>", placements.PlacementDetail.as_view(), name="placement"),
    path("placements/<slug:name>/draft", placements.PlacementDraft.as_view(), name="placement-draft"),
    path("placements/<slug:name>/publish", placements.PublishPlacement.as_view(), name="placement-publish"),
    path("placements/<slug:name>/revert", placements.RevertPlacement.as_view(), name="placement-revert"),
    path("placements/<slug:name>/preview", placements.PreviewPlacement.as_view(), name="placement-preview"),
    path("cache", cache.Cache.as_view(), name="cache"),
    path("cache/clear", cache.ClearCache.as_view(), name="cache-clear"),
    path("analytics/placements", analytics.PlacementAnalytics.as_view(), name="placement-analytics"),
    path("analytics/algorithms", analytics.AlgorithmAnalytics.as_view(), name="algorithm-analytics"),
    path("analytics/system", analytics.SystemAnalytics.as_view(), name="system-analytics"),
    # Before the addresses of users and items, whose ids may hold slashes.
    path("users/<anytext:user_id>/statistics", analytics.UserStatistics.as_view(), name="user-statistics"),
    path("users/<anytext:user_id>/why-not", why_not.WhyNotOnList.as_view(), name="why-not"),
    path("items/<anytext:item_id>/statistics", analytics.ItemStatistics.as_view(), name="item-statistics"),
    path("stats", cache.Stats.as_view(), name="stats"),
]
