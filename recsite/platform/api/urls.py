from django.urls import path

from recsite.platform.api import auth, jobs

urlpatterns = [
    path("auth/token", auth.MakeTokens.as_view(), name="auth-token"),
    path("auth/refresh", auth.RefreshTokens.as_view(), name="auth-refresh"),
    path("auth/revoke", auth.RevokeTokens.as_view(), name="auth-revoke"),
    path("jobs", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<number:job_id>/cancel", jobs.CancelJob.as_view(), name="job-cancel"),
    path("jobs/<number:job_id>", jobs.JobDetail.as_view(), name="job"),
]
