"""The function invokes itself: on the local platform, through the gateway.

Part of a function's package, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
from typing import Any

from .gateway import Gateway

_gateway = Gateway(os.environ["SEBS_LOCAL_SELF_TOKEN"])


def invoke(event: dict[str, Any]) -> Any:
    """Invoke this function once more, and wait for its answer.

    The environment that asks is busy, so another one answers.

    Args:
        event: Its event.

    Returns:
        What its handler returned.

    Raises:
        RuntimeError: It failed, and the message says why.
    """
    status, answer = _gateway.post(os.environ["SEBS_LOCAL_SELF_PATH"], json.dumps(event).encode())
    if status != 200:
        error = answer["error"]
        raise RuntimeError(f"{error['type']}: {error['message']}")
    return answer["result"]
