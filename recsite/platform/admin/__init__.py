from recsite.platform.admin.changes import AuditEntryAdmin
from recsite.platform.admin.keys import ApiKeyAdmin
from recsite.platform.admin.running import FeedCursorAdmin, GenerationAdmin, JobAdmin
from recsite.platform.admin.webhooks import WebhookDeliveryAdmin, WebhookEndpointAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditEntryAdmin",
    "FeedCursorAdmin",
    "GenerationAdmin",
    "JobAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
