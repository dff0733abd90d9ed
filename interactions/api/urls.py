from django.urls import path

from interactions.api.events import BulkIntake, EventIntake
from interactions.api.exports import InteractionExports, ItemExports, UserExports
from interactions.api.histories import ItemHistory, UserHistory
from interactions.api.interaction_types import InteractionTypeDetail, InteractionTypes

urlpatterns = [
    path("interactions", EventIntake.as_view(), name="interactions"),
    path("interactions/bulk", BulkIntake.as_view(), name="interactions-bulk"),
    path("interaction-types", InteractionTypes.as_view(), name="interaction-types"),
    path("interaction-types/<anytext:name>", InteractionTypeDetail.as_view(), name="interaction-type"),
    path("export/users", UserExports.as_view(), name="export-users"),
    path("export/items", ItemExports.as_view(), name="export-items"),
    path("export/interactions", InteractionExports.as_view(), name="export-interactions"),
    # Ids may hold slashes: these come before the bare id of the catalogue's routes.
    path("users/<anytext:user_id>/interactions", UserHistory.as_view(), name="user-interactions"),
    path("items/<anytext:item_id>/interactions", ItemHistory.as_view(), name="item-interactions"),
]
