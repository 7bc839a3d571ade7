"""The limits of a connection, each with its unit and its reason."""

from dataclasses import dataclass

# Bytes of a request line with its headers: the longest query strings fit. It also bounds what a
# body may spend on chunk extensions or trailers without moving on.
HEAD_BYTES_MAX = 512 * 1024
# Headers of one request: no client sends a tenth of it, and each costs an object.
HEADERS_MAX = 1000
# Bytes of a body that wait for the application before reading pauses: one read of the event loop.
BODY_BYTES_BUFFERED_MAX = 256 * 1024
# Bytes read from a client that are parsed at once: between two pieces it is seen how many
# requests wait, so a piece is all that can be parsed ahead of the answers.
PARSED_AHEAD_BYTES_MAX = 16 * 1024
# Answers up to this many bytes are copied behind their head, so that one write takes both.
COPIED_BYTES_MAX = 64 * 1024
# Answer heads that are remembered: routes times the headers that they vary.
HEADS_REMEMBERED_MAX = 256

# HTTP/2. Requests that one connection may have under way, be they broken off by the client.
STREAMS_MAX = 256
# Bytes of one body, and of all bodies of a connection, that may wait for the application.
STREAM_WINDOW_BYTES_MAX = 1024 * 1024
CONNECTION_WINDOW_BYTES_MAX = 16 * 1024 * 1024
# Bytes of a frame, in both directions: the others of a connection wait for no more than that.
FRAME_BYTES_MAX = 256 * 1024
# Bytes of answers that wait in the process for the socket: enough to keep it busy.
UNSENT_BYTES_MAX = 512 * 1024
# Bytes that wait for a client that does not read before it is cut off. Answers stop long before:
# these are acknowledgements that it asks for without end.
UNREAD_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a connection waits for what, in seconds; looked at every `sweep_s`."""

    # Between two requests, as long as proxies keep connections.
    keep_alive_s: float = 120.0
    # From the first byte of a head to its last: who is slower is not a client, but an attack.
    head_s: float = 30.0
    # Between two pieces of a body, and of an answer that a closing connection still has to send.
    pause_s: float = 120.0
    # After an answer that came before the end of its request, so that the client can read it.
    linger_s: float = 2.0
    sweep_s: float = 1.0
