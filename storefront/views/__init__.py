"""Show the demo storefront: server-rendered pages that work without JavaScript; htmx makes some of them quick."""
