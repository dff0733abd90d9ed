from django.urls import path

from recsite.platform import views

app_name = "platform"
urlpatterns = [path("jobs/<int:job_id>/", views.job_status, name="job")]
