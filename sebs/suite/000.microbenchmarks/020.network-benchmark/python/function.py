"""Send messages to a server that sends them back, and store when each went and came."""

import csv
import io
import os
import socket
from statistics import median
from time import perf_counter, time

from . import storage

client = storage.storage.get_instance()

#: Seconds until a message counts as lost, and lost ones in a row that end it all.
PATIENCE = 2
PATIENT_TIMES = 7


def handler(event):
    request_id = event.get("request-id") or os.urandom(16).hex()
    exchange = EXCHANGES[event.get("protocol", "udp")]
    with exchange(event["server-address"], event["server-port"]) as server:
        rows, lost = round_trips(server, request_id, event["repetitions"])
    table = io.StringIO()
    csv.writer(table).writerows([("id", "client_send", "client_rcv"), *rows])
    bucket = event["bucket"]
    key = f"{bucket['output']}/results-{request_id}.csv"
    stored = client.upload_stream(bucket["bucket"], key, table.getvalue().encode())
    times = [(received - sent) * 1e6 for _, sent, received in rows]
    measurement = {"round_trip_time": round(median(times)), "lost": lost}
    if event.get("with-times"):
        measurement["round_trip_times"] = [round(each, 1) for each in times]
    return {"result": stored, "measurement": measurement}


def round_trips(server, request_id, repetitions):
    """Return number, begin and end of each round trip, in Unix seconds, and how many were lost.

    The first one, which may have to find the way, is not among them.
    """
    rows, lost, silent = [], 0, 0
    # The wall clock may be set meanwhile, so it is read once; what follows it is monotonic.
    offset = time() - perf_counter()
    for number in range(repetitions + 1):
        message = f"{request_id} {number}".encode()
        sent = perf_counter()
        answered = server.exchange(message)
        received = perf_counter()
        silent = 0 if answered else silent + 1
        if silent == PATIENT_TIMES:
            raise TimeoutError(f"{server.where} did not answer {silent} times in a row")
        if number > 0 and answered:
            rows.append((number, offset + sent, offset + received))
        lost += number > 0 and not answered
    return rows, lost


class Udp:
    """A server that sends datagrams back."""

    def __init__(self, address, port):
        self.where = f"{address}, UDP port {port}"
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        self._socket.settimeout(PATIENCE)
        # Connected, so nobody else is heard.
        self._socket.connect(place)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()

    def exchange(self, message):
        """Return whether the message came back; one that is late is taken for lost."""
        self._socket.send(message)
        try:
            while self._socket.recv(1024) != message:
                pass
        except TimeoutError:
            return False
        return True


class Tcp(Udp):
    """A server that sends lines back."""

    def __init__(self, address, port):
        self.where = f"{address}, TCP port {port}"
        self._socket = socket.create_connection((address, port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, message):
        """Return whether the message came back; what TCP loses is sent again."""
        self._socket.sendall(message + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = self._socket.recv(1024)
            if not part:
                raise ConnectionError(f"{self.where} hung up")
            answer += part
        return answer == message + b"\n"


EXCHANGES = {"udp": Udp, "tcp": Tcp}
