from interactions.admin.dead_letters import DeadLetterAdmin
from interactions.admin.events import InteractionAdmin
from interactions.admin.people import PersonEventAdmin, ReviewAdmin
from interactions.admin.upkeep import BehaviourWindowAdmin, ImportRunAdmin, InteractionTypeAdmin

__all__ = [
    "BehaviourWindowAdmin",
    "DeadLetterAdmin",
    "ImportRunAdmin",
    "InteractionAdmin",
    "InteractionTypeAdmin",
    "PersonEventAdmin",
    "ReviewAdmin",
]
