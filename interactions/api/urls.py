from django.urls import path

from interactions.api.events import EventIntake

urlpatterns = [path("interactions", EventIntake.as_view(), name="interactions")]
