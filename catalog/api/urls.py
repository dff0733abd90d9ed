from django.urls import path

from catalog.api.bulk import ItemsBulk, UsersBulk
from catalog.api.items import ItemDetail, ItemList
from catalog.api.privacy import OptOut, UserExport, UserMerge
from catalog.api.search import ItemSearchView
from catalog.api.users import UserDetail, UserList

# The ids are our users' own: a slash may be in them.
urlpatterns = [
    path("items", ItemList.as_view(), name="items"),
    path("items/search", ItemSearchView.as_view(), name="items-search"),
    path("items/bulk", ItemsBulk.as_view(), name="items-bulk"),
    path("items/<anytext:item_id>", ItemDetail.as_view(), name="item"),
    path("users", UserList.as_view(), name="users"),
    path("users/bulk", UsersBulk.as_view(), name="users-bulk"),
    path("users/<anytext:user_id>/export", UserExport.as_view(), name="user-export"),
    path("users/<anytext:user_id>/opt-out", OptOut.as_view(), name="user-opt-out"),
    path("users/<anytext:user_id>/merge", UserMerge.as_view(), name="user-merge"),
    path("users/<anytext:user_id>", UserDetail.as_view(), name="user"),
]
