"""Ports for servers that have to be told theirs before they start."""

import os
import random
import socket

#: Below what Linux gives to clients and to whoever asks for any port
#: (``ip_local_port_range``): nobody else takes one while its server is still starting, and waiting
#: for it to answer cannot connect a client to itself.
_FIRST, _LAST, _SHARE = 20_000, 32_000, 1_000


def free_port():
    """Return a port of this test process that nobody listens on."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST + worker * _SHARE % (_LAST - _FIRST)
    while True:
        port = random.SystemRandom().randrange(first, first + _SHARE)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
