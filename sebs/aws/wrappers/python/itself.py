"""The function invokes itself: on Lambda, through its API.

Part of a function's package, so it needs nothing but the standard library. The API is that of
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
"""

from __future__ import annotations

import io
import json
import os
from typing import Any

from .aws_client import Client, Refused

_client = Client("lambda")


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
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    body = io.BytesIO(json.dumps(event).encode())
    try:
        response = _client.request("POST", f"/2015-03-31/functions/{name}/invocations", body=body)
    except Refused as refused:
        raise RuntimeError(f"{refused}: {refused.answer.decode(errors='replace')}") from None
    answer = json.loads(_client.read(response))
    if "result" not in answer:
        error = answer.get("error") or answer
        raise RuntimeError(f"{error.get('type') or error.get('errorType')}: {error}")
    return answer["result"]
