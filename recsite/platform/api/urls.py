from django.urls import path

from recsite.platform.api import jobs

urlpatterns = [
    path("jobs", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<number:job_id>/cancel", jobs.CancelJob.as_view(), name="job-cancel"),
    path("jobs/<number:job_id>", jobs.JobDetail.as_view(), name="job"),
]
