from recsite.platform.admin.alerts import AlertSilenceAdmin, AlertSubscriptionAdmin
from recsite.platform.admin.changes import AuditEntryAdmin
from recsite.platform.admin.keys import ApiKeyAdmin
from recsite.platform.admin.running import FeedCursorAdmin, GenerationAdmin, JobAdmin
from recsite.platform.admin.webhooks import WebhookDeliveryAdmin, WebhookEndpointAdmin

__all__ = [
    "AlertSilenceAdmin",
    "AlertSubscriptionAdmin",
    "ApiKeyAdmin",
    "AuditEntryAdmin",
    "FeedCursorAdmin",
    "GenerationAdmin",
    "JobAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
