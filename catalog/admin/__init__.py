from catalog.admin.embeddings import ItemEmbeddingAdmin
from catalog.admin.erasures import ErasureAdmin
from catalog.admin.items import CategoryAdmin, ItemAdmin
from catalog.admin.merges import MergedUserAdmin
from catalog.admin.users import EndUserAdmin

__all__ = ["CategoryAdmin", "EndUserAdmin", "ErasureAdmin", "ItemAdmin", "ItemEmbeddingAdmin", "MergedUserAdmin"]
