from interactions.admin.dead_letters import DeadLetterAdmin
from interactions.admin.events import InteractionAdmin
from interactions.admin.upkeep import BehaviourWindowAdmin, ImportRunAdmin, InteractionTypeAdmin
from interactions.admin.user_events import PersonEventAdmin, ReviewAdmin

__all__ = [
    "BehaviourWindowAdmin",
    "DeadLetterAdmin",
    "ImportRunAdmin",
    "InteractionAdmin",
    "InteractionTypeAdmin",
    "PersonEventAdmin",
    "ReviewAdmin",
]
