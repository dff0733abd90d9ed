from django.urls import path

from recsite.platform.api import auth, jobs, webhooks

urlpatterns = [
    path("auth/token", auth.MakeTokens.as_view(), name="auth-token"),
    path("auth/refresh", auth.RefreshTokens.as_view(), name="auth-refresh"),
    path("auth/revoke", auth.RevokeTokens.as_view(), name="auth-revoke"),
    path("jobs", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<number:job_id>/cancel", jobs.CancelJob.as_view(), name="job-cancel"),
    path("jobs/<number:job_id>", jobs.JobDetail.as_view(), name="job"),
    path("webhooks", webhooks.WebhookList.as_view(), name="webhooks"),
    path("webhooks/events", webhooks.EventTypes.as_view(), name="webhook-events"),
    path("webhooks/<number:webhook_id>", webhooks.WebhookDetail.as_view(), name="webhook"),
    path("webhooks/<number:webhook_id>/rotate", webhooks.RotateSecret.as_view(), name="webhook-rotate"),
    path("webhooks/<number:webhook_id>/test", webhooks.SendTest.as_view(), name="webhook-test"),
    path("webhooks/<number:webhook_id>/deliveries", webhooks.DeliveryList.as_view(), name="webhook-deliveries"),
    path(
        "webhooks/<number:webhook_id>/deliveries/<number:delivery_id>",
        webhooks.DeliveryDetail.as_view(),
        name="webhook-delivery",
    ),
    path(
        "webhooks/<number:webhook_id>/deliveries/<number:delivery_id>/redeliver",
        webhooks.Redeliver.as_view(),
        name="webhook-redeliver",
    ),
]
