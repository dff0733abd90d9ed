from catalog.admin.embeddings import ItemEmbeddingAdmin
from catalog.admin.items import CategoryAdmin, ItemAdmin
from catalog.admin.people import EndUserAdmin

__all__ = ["CategoryAdmin", "EndUserAdmin", "ItemAdmin", "ItemEmbeddingAdmin"]
