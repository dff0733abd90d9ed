"""The product's addresses as they are with a second factor or single sign-on switched on."""

from django.urls import include, path

from recsite import urls

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [path("admin/", include("recsite.sign_in.urls")), *urls.urlpatterns]
