"""The measuring HTTP client: one request an invocation, timed by libcurl's own clock.

::

    client.py      HTTPClient: the pool of handles, what callers use
    handle.py      one libcurl handle, set up once, that performs one request at a time
    request.py     what may be sent: URLs, methods, headers, time limits
    response.py    what came back: Response, Phases
    failures.py    libcurl's error codes → sebs.errors
"""

from __future__ import annotations

from sebs.http.client import HTTPClient
from sebs.http.request import json_body
from sebs.http.response import Phases, Response

__all__ = ["HTTPClient", "Phases", "Response", "json_body"]
