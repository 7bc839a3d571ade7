"""HTTP/1.1 on the wire: bytes of a connection in, ASGI calls out.

`requests` reads, `answers` spells, `scopes` tells the application, `runner` runs it, `exchange` is
one request with its answer, `connection` is one client, `listener` is all of them. Nothing here
knows the routes; other protocols are handed on.
"""
