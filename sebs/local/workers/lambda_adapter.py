"""Calls a handler that was written for AWS Lambda: ``handler(event, context)``.

It lies in the package beside the function's code, and is what the worker imports; the function's
module is imported by it, so that this is part of the initialization, as on Lambda. The context has
the attributes of https://docs.aws.amazon.com/lambda/latest/dg/python-context.html.
"""

import os
import sys
from importlib import import_module
from time import monotonic

TIMEOUT = float(os.environ["SEBS_TIMEOUT"])
REGION = os.environ["AWS_REGION"]
NAME = os.environ["AWS_LAMBDA_FUNCTION_NAME"]


def load():
    """Import the function's module and return its handler."""
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    return getattr(import_module(module.replace("/", ".")), name)


os.environ["LAMBDA_TASK_ROOT"] = os.environ["SEBS_PACKAGE"]
function = load()

# Seconds that the first invocation has less, for here the initialization is part of its time.
spent = monotonic() - int(os.environ["SEBS_STARTED_NS"]) / 1e9


class Identity:
    """Who called through Amazon Cognito: nobody."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler is told of its invocation."""

    function_name = NAME
    function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    invoked_function_arn = f"arn:aws:lambda:{REGION}:000000000000:function:{NAME}"
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
    log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
    client_context = None
    identity = Identity()

    def __init__(self, request_id, seconds):
        self.aws_request_id = request_id
        self._deadline = monotonic() + seconds

    def get_remaining_time_in_millis(self):
        """Return the milliseconds until the platform ends the invocation."""
        return max(0, int((self._deadline - monotonic()) * 1000))

    def log(self, message):
        """Write to the function's log."""
        sys.stdout.write(str(message))


def handler(event, request_id):
    """Serve one request."""
    global spent
    left, spent = TIMEOUT - spent, 0.0
    return function(event, Context(request_id, left))


handler.takes_request_id = True
