from django.urls import URLPattern, path

from storefront.views import basket, browse, covers, home, items, leaving, people, reactions, seen, staff
from storefront.views.access import shop

app_name = "storefront"
urlpatterns: list[URLPattern] = [
    path("", shop(home.home), name="home"),
    path("browse", shop(browse.browse), name="browse"),
    path("suggest", shop(browse.suggest), name="suggest"),
    path("basket", shop(basket.basket), name="basket"),
    path("basket/buy", shop(basket.buy), name="buy"),
    path("basket/remove/<anytext:item_id>", shop(basket.remove), name="remove"),
    path("orders", shop(basket.orders), name="orders"),
    path("orders/cancel/<anytext:item_id>", shop(basket.cancel), name="cancel"),
    path("welcome", shop(people.welcome), name="welcome"),
    path("items/<anytext:item_id>", shop(items.item), name="item"),
    path("react/<anytext:item_id>", shop(reactions.react), name="react"),
    path("dismiss/<anytext:item_id>", shop(leaving.dismiss), name="dismiss"),
    path("undo/<anytext:item_id>", shop(leaving.undo), name="undo"),
    path("covers/<int:pk>.svg", shop(covers.cover), name="cover"),
    path("seen", shop(seen.seen), name="seen"),
    path("people", shop(people.people), name="people"),
    path("people/be", shop(people.be), name="be"),
    path("people/new", shop(people.new), name="new"),
    path("people/leave", shop(people.leave), name="leave"),
    path("favicon.ico", covers.favicon),
    path("reload", shop(staff.reload), name="reload"),
]
