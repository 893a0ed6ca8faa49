"""Function URLs: an HTTPS address of one function, signed requests only unless made public.

Making one is idempotent, and a process that was killed on the way is continued by the next: what
closes a public URL is done before AWS is told that it is not public, and the other way round.

Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained
from sebs.aws.permissions import forbid, permit, statement_id

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

_SIGNED, _PUBLIC = "AWS_IAM", "NONE"

#: What everybody needs to call a public URL; AWS asks for both since October 2025.
_EVERYBODY: dict[str, dict[str, Any]] = {
    statement_id("public", "url"): {
        "Action": "lambda:InvokeFunctionUrl",
        "Principal": "*",
        "FunctionUrlAuthType": _PUBLIC,
    },
    statement_id("public", "function"): {
        "Action": "lambda:InvokeFunction",
        "Principal": "*",
        "InvokedViaFunctionUrl": True,
    },
}


def ensure_function_url(clients: Clients, function: str, public: bool) -> str:
    """Return the URL of a function; it is made, opened or closed as needed.

    Args:
        clients: The deployment's clients.
        function: Its name.
        public: Whether everybody may call it.

    Raises:
        PlatformError: AWS refused.
    """
    wanted = _PUBLIC if public else _SIGNED
    client = clients.control("lambda")
    if public:
        for statement, who in _EVERYBODY.items():
            permit(clients, function, statement, **who)
    with explained(f"Making the URL of the function {function}"):
        try:
            found = client.get_function_url_config(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            found = client.create_function_url_config(FunctionName=function, AuthType=wanted)
        if found["AuthType"] != wanted:
            if public:
                client.update_function_url_config(FunctionName=function, AuthType=wanted)
            else:
                _close(clients, function)
    return str(found["FunctionUrl"])


def close_function_url(clients: Clients, function: str) -> None:
    """Let nobody call a function by its URL without a signature; harmless where it has none.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("lambda")
    with explained(f"Looking whether the URL of the function {function} is public"):
        try:
            found = client.get_function_url_config(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            return
        if found["AuthType"] != _SIGNED:
            _close(clients, function)


def delete_function_url(clients: Clients, function: str) -> None:
    """Delete the URL of a function; harmless where there is none.

    What opened it is part of the function's policy, and means nothing without a URL.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("lambda")
    with explained(f"Deleting the URL of the function {function}"):
        try:
            client.delete_function_url_config(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            return


def _close(clients: Clients, function: str) -> None:
    for statement in _EVERYBODY:
        forbid(clients, function, statement)
    client = clients.control("lambda")
    client.update_function_url_config(FunctionName=function, AuthType=_SIGNED)
