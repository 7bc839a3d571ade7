"""The HTTP interface: requests in, calls of the engine and of the triggers, answers out.

`app` has the route table and the order of checks; every other module answers one group of routes.
"""
