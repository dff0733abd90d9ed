"""Answer the routes that Gorse's clients call, with its shapes and statuses: a door of its own beside the API.

It calls the verbs that the API calls. See docs/FROM_GORSE.md.
"""
