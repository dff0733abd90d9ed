"""The addresses of signing in, where a second factor or single sign-on is switched on. They go before the admin's."""

from allauth.account import views as accounts
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.urls import include, path

from recsite.sign_in import single_sign_on

urlpatterns = [
    path("login/", accounts.login, name="account_login"),
    path("sign-in/leave/", accounts.logout, name="account_logout"),
    path("sign-in/inactive/", accounts.account_inactive, name="account_inactive"),
    path("sign-in/again/", accounts.reauthenticate, name="account_reauthenticate"),
    path("sign-in/by/<str:provider_id>/", single_sign_on.begin, name="openid_connect_login"),
    path("sign-in/by/<str:provider_id>/callback/", openid_connect.callback, name="openid_connect_callback"),
    path("sign-in/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/failed/", social.login_error, name="socialaccount_login_error"),
    path("second-factor/", include("allauth.mfa.urls")),
]
