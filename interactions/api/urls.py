from django.urls import path

from interactions.api.events import BulkIntake, EventIntake
from interactions.api.histories import ItemHistory, UserHistory

urlpatterns = [
    path("interactions", EventIntake.as_view(), name="interactions"),
    path("interactions/bulk", BulkIntake.as_view(), name="interactions-bulk"),
    # Ids may hold slashes: these come before the bare id of the catalogue's routes.
    path("users/<anytext:user_id>/interactions", UserHistory.as_view(), name="user-interactions"),
    path("items/<anytext:item_id>/interactions", ItemHistory.as_view(), name="item-interactions"),
]
