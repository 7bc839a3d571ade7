"""HTTP on the wire: bytes of a connection in, ASGI calls out.

Of HTTP/1.1 `requests` reads, `answers` spells, `runner` runs the application, `exchange` is one
request with its answer, `connection` is one client. Of HTTP/2 `h2_stream` is one request with its
answer, `h2_connection` one client. `scopes` tells the application, `listener` is all clients.
Nothing here knows the routes; other protocols are handed on.
"""
