"""Connect to a server, and answer with what it says."""

import socket
from statistics import median
from time import perf_counter_ns

#: Seconds until the server must have taken the connection, and spoken.
PATIENCE = 20


def handler(event):
    address = event["ip-address"], event["port"]
    connect_times, reply_times = [], []
    for _ in range(event.get("repetitions", 1)):
        begin = perf_counter_ns()
        with socket.create_connection(address, PATIENCE) as server:
            connected = perf_counter_ns()
            reply = server.recv(1024).decode()
            replied = perf_counter_ns()
        connect_times.append((connected - begin) // 1000)
        reply_times.append((replied - connected) // 1000)
    return {
        "result": reply,
        "measurement": {
            "connect_time": round(median(connect_times)),
            "reply_time": round(median(reply_times)),
        },
    }
