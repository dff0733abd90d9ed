"""Say which recorded changes staff can take back by a button on Activity: those whose inverse is safe.

A verb is safe to take back where its entry says all that changed, nothing was deleted or sent, and the verb that does
the inverse tells every process as the first one did.
"""

from recsite.platform.access import Undo

OBJECT_ADDRESSES = "recsite.console.subjects.addresses"
"""The function that knows the pages of what changes are of."""

CHANGES_TOLD = dict.fromkeys(
    ("placement.draft", "placement.publish", "placement.revert"), "recommender.merchandising.told.changes"
)
"""The functions that say in words what an entry of these verbs changed: (name, before, after) of each change."""

UNDO: dict[str, Undo] = {
    "item.hide": Undo("catalog.change_item", "catalog.undo.hidden"),
    "item.show": Undo("catalog.change_item", "catalog.undo.hidden"),
    "item.change": Undo("catalog.change_item", "catalog.undo.item"),
    "category.change": Undo("catalog.change_category", "catalog.undo.category"),
    "opt_out": Undo("catalog.change_enduser", "catalog.undo.opting_out"),
    "interaction_type.change": Undo("interactions.change_interactiontype", "interactions.undo.interaction_type"),
    "dead_letter.ignore": Undo("interactions.change_deadletter", "interactions.undo.ignoring"),
    "dead_letter.restore": Undo("interactions.change_deadletter", "interactions.undo.ignoring"),
    "placement.change": Undo("recommender.change_placement", "recommender.operations.undo.placement"),
    "placement.publish": Undo("recommender.change_placement", "recommender.operations.undo.revision"),
    "placement.revert": Undo("recommender.change_placement", "recommender.operations.undo.revision"),
    "shadow.start": Undo("recommender.operate", "recommender.operations.undo.shadow"),
    "experiment.change": Undo("recommender.change_experiment", "recommender.operations.undo.experiment"),
    "experiment.resume": Undo("recommender.change_experiment", "recommender.operations.undo.experiment_state"),
    "experiment.pause": Undo("recommender.change_experiment", "recommender.operations.undo.experiment_state"),
    "experiment.archive": Undo("recommender.change_experiment", "recommender.operations.undo.experiment_state"),
    "experiment.restore": Undo("recommender.change_experiment", "recommender.operations.undo.experiment_state"),
    "training_plan.change": Undo("recommender.change_trainingplan", "recommender.operations.undo.training_plan"),
    "schedule.change": Undo("django_celery_beat.change_periodictask", "recsite.undo.schedule"),
}
