from django.urls import URLPattern, path

from storefront.views import browse, covers, home, items, people, reactions, staff
from storefront.views.access import shop

app_name = "storefront"
urlpatterns: list[URLPattern] = [
    path("", shop(home.home), name="home"),
    path("browse", shop(browse.browse), name="browse"),
    path("items/<anytext:item_id>", shop(items.item), name="item"),
    path("react/<anytext:item_id>", shop(reactions.react), name="react"),
    path("covers/<int:pk>.svg", shop(covers.cover), name="cover"),
    path("people", shop(people.people), name="people"),
    path("people/be", shop(people.be), name="be"),
    path("people/new", shop(people.new), name="new"),
    path("people/leave", shop(people.leave), name="leave"),
    path("favicon.ico", covers.favicon),
    path("reload", shop(staff.reload), name="reload"),
]
