from collections.abc import Iterator

from django.urls import URLPattern, path
from rest_framework.views import APIView

from recommender.api.gorse import catalogue, feedback, health, lists

# Gorse's ids hold no slash. The particular comes before the general.
ROUTES: tuple[tuple[str, type[APIView], str], ...] = (
    ("health/live", health.Live, "gorse-live"),
    ("health/ready", health.Ready, "gorse-ready"),
    ("user", catalogue.NewUser, "gorse-new-user"),
    ("users", catalogue.Users, "gorse-users"),
    ("user/<str:user_id>", catalogue.User, "gorse-user"),
    ("user/<str:user_id>/feedback", feedback.UserFeedback, "gorse-user-feedback"),
    ("user/<str:user_id>/feedback/<str:kind>", feedback.UserFeedback, "gorse-user-feedback"),
    ("user/<str:user_id>/neighbors", lists.UserNeighbors, "gorse-user-neighbors"),
    ("user-to-user/<str:name>/<str:user_id>", lists.UserNeighbors, "gorse-user-neighbors"),
    ("item", catalogue.NewItem, "gorse-new-item"),
    ("items", catalogue.Items, "gorse-items"),
    ("item/<str:item_id>", catalogue.OneItem, "gorse-item"),
    ("item/<str:item_id>/category/<str:category>", catalogue.ItemCategory, "gorse-item-category"),
    ("item/<str:item_id>/feedback", feedback.ItemFeedback, "gorse-item-feedback"),
    ("item/<str:item_id>/feedback/<str:kind>", feedback.ItemFeedback, "gorse-item-feedback"),
    ("item/<str:item_id>/neighbors", lists.ItemNeighbors, "gorse-item-neighbors"),
    ("item/<str:item_id>/neighbors/<str:category>", lists.ItemNeighbors, "gorse-item-neighbors"),
    ("item-to-item/<str:name>/<str:item_id>", lists.ItemNeighbors, "gorse-item-neighbors"),
    ("feedback", feedback.AllFeedback, "gorse-feedback"),
    ("feedback/<str:kind>", feedback.TypedFeedback, "gorse-typed-feedback"),
    ("feedback/<str:user_id>/<str:item_id>", feedback.PairFeedback, "gorse-pair-feedback"),
    ("feedback/<str:kind>/<str:user_id>/<str:item_id>", feedback.OneFeedback, "gorse-one-feedback"),
    ("recommend/<str:user_id>", lists.Recommend, "gorse-recommend"),
    ("recommend/<str:user_id>/<str:category>", lists.Recommend, "gorse-recommend"),
    ("collaborative-filtering/<str:user_id>", lists.Collaborative, "gorse-collaborative"),
    ("session/recommend", lists.Session, "gorse-session"),
    ("session/recommend/<str:category>", lists.Session, "gorse-session"),
    ("latest", lists.Latest, "gorse-latest"),
    ("latest/<str:category>", lists.Latest, "gorse-latest"),
    ("popular", lists.Popular, "gorse-popular"),
    ("popular/<str:category>", lists.Popular, "gorse-popular"),
    ("non-personalized/<str:name>", lists.NonPersonalized, "gorse-non-personalized"),
)


def _with_and_without_slash() -> Iterator[URLPattern]:
    """Yield each route twice: clients write a slash at the end at times."""
    for route, view, name in ROUTES:
        answer = view.as_view()
        yield path(route, answer, name=name)
        yield path(f"{route}/", answer, name=name)


urlpatterns = list(_with_and_without_slash())
