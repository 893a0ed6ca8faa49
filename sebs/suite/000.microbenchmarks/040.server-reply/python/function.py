"""Connect to a server, and answer with what it says."""

import socket
from statistics import median
from time import perf_counter_ns

#: Seconds until the server must have taken the connection, and spoken.
PATIENCE = 20


def handler(event):
    address = event["ip-address"], event["port"]
    request_id = event.get("request-id", "").encode()
    connect_times, reply_times = [], []
    for _ in range(event.get("repetitions", 1)):
        begin = perf_counter_ns()
        with socket.create_connection(address, PATIENCE) as server:
            connected = perf_counter_ns()
            reply = server.recv(1024).decode()
            replied = perf_counter_ns()
            # Whose words they were, for who judges them.
            server.sendall(request_id + b"\n")
        connect_times.append(microseconds(connected - begin))
        reply_times.append(microseconds(replied - connected))
    return {
        "result": reply,
        "measurement": {
            "connect_time": round(median(connect_times)),
            "reply_time": round(median(reply_times)),
        },
    }


def microseconds(nanoseconds):
    """A part of one counts as one: the reply may be there already, and that is not no time."""
    return -(-nanoseconds // 1000)
