from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from catalog.models import ItemEmbedding
from recsite.platform.console import ReadOnlyAdmin

SHOWN = 8


@admin.register(ItemEmbedding)
class ItemEmbeddingAdmin(ReadOnlyAdmin):
    """Show the vectors of items by model version. Training writes them."""

    empty = "No model has placed items in a space yet."
    list_display = ("item", "model_version")
    list_select_related = ("item",)
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("item", "model_version", "vector_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ItemEmbedding]:
        return super().get_queryset(request).defer("vector")

    @display(description="vector")
    def vector_text(self, embedding: ItemEmbedding) -> str:
        numbers = [f"{number:.3f}" for number in embedding.vector[:SHOWN]]
        return f"{', '.join(numbers)} … ({len(embedding.vector)} numbers)"
