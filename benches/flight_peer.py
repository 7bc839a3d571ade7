"""The Flight server of Arrow's C++ library, with the answers of ours: the limit of DoGet.

Usage: python -m benches.flight_peer ADDRESS TICKET...; prints its port once it holds the answers.
"""

import sys

import pyarrow as pa
from pyarrow import flight


class Peer(flight.FlightServerBase):
    """Gives prepared batches; a ticket is the number of an answer."""

    def __init__(self, answers: list[pa.Table]) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self._answers = answers

    def do_get(
        self, context: flight.ServerCallContext, ticket: flight.Ticket
    ) -> flight.RecordBatchStream:
        """Give an answer; all of it runs in C++."""
        del context
        return flight.RecordBatchStream(self._answers[int(ticket.ticket)])


def main(address: str, tickets: list[str]) -> None:
    """Fetch the answers, then serve until standard input ends."""
    with flight.FlightClient(f"grpc://{address}") as client:
        answers = [client.do_get(flight.Ticket(ticket.encode())).read_all() for ticket in tickets]
    with Peer(answers) as peer:
        sys.stdout.write(f"{peer.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
