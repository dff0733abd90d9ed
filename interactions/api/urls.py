from django.urls import path

from interactions.api.events import BulkIntake, EventIntake

urlpatterns = [
    path("interactions", EventIntake.as_view(), name="interactions"),
    path("interactions/bulk", BulkIntake.as_view(), name="interactions-bulk"),
]
