"""Let staff in: by password, by single sign-on (OIDC), and with a second factor. The last two are off by default.

Only staff sign in here. Users, whom lists are made for, have no accounts.
"""
