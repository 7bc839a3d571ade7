"""The process side of plugins: a template process, and the workers that are forked from it.

Nothing of the server is imported here. `main` starts the template, `template` forks workers,
`process` is a worker, `invoke` runs a plugin, `local` is what the plugin sees as `influxdb3_local`.
"""
