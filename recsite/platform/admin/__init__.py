from recsite.platform.admin.keys import ApiKeyAdmin
from recsite.platform.admin.running import FeedCursorAdmin, GenerationAdmin, JobAdmin

__all__ = ["ApiKeyAdmin", "FeedCursorAdmin", "GenerationAdmin", "JobAdmin"]
