"""Read from a replica of PostgreSQL what may be a few seconds old; `DATABASE_READ_URL` names it.

Django takes this package as the backend of that database: `base` answers from the primary where the replica can't,
`lag` says whether the replica is near enough, `routing` decides for each query, `middleware` for each request.
"""
