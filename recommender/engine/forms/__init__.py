"""Find the classes of fitted models by the name of their form: reading a model never imports what trained it."""

from collections.abc import Mapping

from recommender.engine.lookup import find
from recommender.engine.types import Arrays, Model

FORMS: Mapping[str, str] = {
    "factors": "recommender.engine.forms.factors.FactorModel",
    "nonnegative_factors": "recommender.engine.forms.nonnegative.NonnegativeFactorModel",
    "vectors": "recommender.engine.forms.vectors.VectorModel",
    "sampled_factors": "recommender.engine.forms.sampled_factors.SampledFactorModel",
    "item_weights": "recommender.engine.forms.item_weights.ItemWeightsModel",
    "hybrid": "recommender.engine.forms.hybrid.HybridModel",
    "implicit_factors": "recommender.engine.forms.implicit_factors.ImplicitFactorModel",
    "segments": "recommender.engine.forms.segments.SegmentModel",
    "impersonal": "recommender.engine.forms.impersonal.ImpersonalModel",
}
"""`Model.form` -> dotted path of the model class."""


def load_model(form: str, arrays: Arrays) -> Model:
    """Build the model whose `form` and `arrays()` these are; ValueError for an unknown form or a missing array."""
    model: type[Model] = find(FORMS, form, "model form")
    try:
        return model.from_arrays(arrays)
    except KeyError as missing:
        raise ValueError(f"The arrays of a model of form {form!r} lack {missing}.") from missing
