"""Exchange messages with a server until the fastest round trip is found, and store them all.

The difference between two clocks is seen best in the round trip with the smallest delay.
"""

import csv
import io
import os
import socket
from time import perf_counter, time

from . import storage

client = storage.storage.get_instance()

#: Round trips at most.
MOST = 1000

#: Seconds until a message counts as lost, and lost ones in a row that end it all.
PATIENCE = 4
PATIENT_TIMES = 7


def handler(event):
    # The wall clock may be set meanwhile, so it is read once; what follows it is monotonic.
    clock = Clock()
    income = event.get("income-timestamp", clock.now())
    request_id = event.get("request-id") or os.urandom(16).hex()
    rows = round_trips(
        clock, event["server-address"], event["server-port"], request_id, event["repetitions"]
    )
    table = io.StringIO()
    csv.writer(table).writerows([("id", "client_send", "client_rcv"), *rows])
    bucket = event["bucket"]
    key = f"{bucket['output']}/results-{request_id}.csv"
    stored = client.upload_stream(bucket["bucket"], key, table.getvalue().encode())
    fastest = min(received - sent for _, sent, received in rows)
    return {
        "result": {"bucket-key": stored, "timestamp": income},
        "measurement": {"round_trip_time": round(fastest * 1e6), "round_trips": len(rows)},
    }


class Clock:
    """Unix seconds that never go back."""

    def __init__(self):
        self._offset = time() - perf_counter()

    def now(self):
        return self._offset + perf_counter()


def round_trips(clock, address, port, request_id, repetitions):
    """Return number, begin and end of each round trip.

    It ends when so many in a row were slower than the fastest before them. The first one,
    which may have to find the way, does not count.
    """
    rows, fastest, slower, silent = [], float("inf"), 0, 0
    family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as server:
        server.settimeout(PATIENCE)
        # Connected, so nobody else is heard.
        server.connect(place)
        for number in range(MOST):
            sent = clock.now()
            answered = exchange(server, f"{request_id} {number}".encode())
            received = clock.now()
            silent = 0 if answered else silent + 1
            if silent == PATIENT_TIMES:
                raise TimeoutError(f"{address}, UDP port {port}, did not answer {silent} times")
            if number == 0 or not answered:
                continue
            rows.append((number, sent, received))
            slower = slower + 1 if received - sent > fastest else 0
            fastest = min(fastest, received - sent)
            if slower == repetitions:
                break
        server.send(b"stop")
    return rows


def exchange(server, message):
    """Return whether a message came back; one that is late is taken for lost."""
    server.send(message)
    try:
        while server.recv(1024) != message:
            pass
    except TimeoutError:
        return False
    return True
