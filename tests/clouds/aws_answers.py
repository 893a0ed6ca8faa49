"""Answers that the servers do not give by themselves."""

import io

from botocore.awsrequest import AWSResponse


def answer(client, operation, *answers):
    """Let an operation be answered as told, then by the server again.

    Args:
        client: The client whose requests are not sent.
        operation: Its name.
        answers: For each request status and body; ``None`` is the server's answer.

    Returns:
        The requests so far, those included that are sent.
    """
    service = client.meta.service_model.service_name
    remaining, requests = list(answers), []

    def instead(request, **_):
        requests.append(request)
        told = remaining.pop(0) if remaining else None
        if told is None:
            return None
        status, body = told
        raw = io.BytesIO(body.encode())
        raw.stream = lambda *_, **__: iter([body.encode()])
        return AWSResponse(request.url, status, {"Content-Length": str(len(body))}, raw)

    client.meta.events.register(f"before-send.{service}.{operation}", instead)
    return requests
