from interactions.admin.events import InteractionAdmin
from interactions.admin.upkeep import DeadLetterAdmin, ImportRunAdmin, InteractionTypeAdmin

__all__ = ["DeadLetterAdmin", "ImportRunAdmin", "InteractionAdmin", "InteractionTypeAdmin"]
