"""Arrow Flight and Flight SQL: gRPC over the same port, as one more ASGI application.

`framing` and `protobuf` know the bytes, `messages` and `sql_messages` what they mean, `service`
the calls. `reading` answers with rows, `writing` takes them, `catalogue` tells what there is.
"""
