"""What an HTTP answer means: the function's own, or a refusal of what stands in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sebs.aws.invocation import take_over
from sebs.aws.signing import FUNCTION_URL
from sebs.errors import AccessDeniedError, CredentialsExpiredError, MalformedResponseError
from sebs.faas.trigger import times_of_response

if TYPE_CHECKING:
    from sebs.faas.function import ExecutionResult
    from sebs.http import Response

#: Header in which Lambda names a refusal; functions cannot set it.
#: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
_REFUSAL = "x-amzn-errortype"

#: Header in which Lambda names the invocation, also where the function could not.
_REQUEST_ID = "x-amzn-requestid"

#: Characters that are shown of an answer that was not expected.
_SHOWN = 200


def read_response(response: Response, function: str, service: str, url: str) -> ExecutionResult:
    """Return the result of an invocation by URL.

    Args:
        response: What came back.
        function: Name of the function.
        service: ``lambda`` for a function URL, ``execute-api`` for an HTTP API.
        url: The URL.

    Raises:
        MalformedResponseError: The status is a success but the body is no JSON.
        CredentialsExpiredError: The credentials were valid and are no longer.
        AccessDeniedError: They do not permit it, or there is no such URL any more.
    """
    result = times_of_response(response)
    if not _was_turned_away(response):
        result.request_id = response.headers.get(_REQUEST_ID, "")
    if 200 <= response.status < 300:
        take_over(result, response.json())
        return result
    content = _content(response)
    if isinstance(content, dict) and "is_cold" in content:
        take_over(result, content)
    elif response.status == 403 and _is_refusal(response, content):
        raise _refusal(_words(content), function, service, url)
    if not result.stats.failure:
        result.fail(f"HTTP {response.status}: {_words(content)}")
    return result


def _was_turned_away(response: Response) -> bool:
    """Return whether no environment got the request, such as where too many run already.

    Lambda numbers these requests as well, but no log ever has a report of them to be waited for.
    """
    return 400 <= response.status < 500 and _REFUSAL in response.headers


def _is_refusal(response: Response, content: Any) -> bool:
    """Return whether the function was not asked; else the answer is its own.

    HTTP APIs name their refusals in no header, and say a message at most.
    """
    says_no_more = isinstance(content, dict) and [key.lower() for key in content] == ["message"]
    return _REFUSAL in response.headers or says_no_more or not content


def _content(response: Response) -> Any:
    try:
        return response.json()
    except MalformedResponseError:
        return response.body[:_SHOWN].decode("utf-8", "replace")


def _words(content: Any) -> str:
    """Return what a gateway says in front of the function."""
    if isinstance(content, dict):
        said = (content[key] for key in ("message", "Message", "errorMessage") if key in content)
        return str(next(said, content))[:_SHOWN]
    return str(content) or "no reason was given"


def _refusal(
    words: str, function: str, service: str, url: str
) -> CredentialsExpiredError | AccessDeniedError:
    what = f"Invoking the function {function} by its URL"
    if "expired" in words.lower():
        return CredentialsExpiredError(
            f"{what}: the credentials have expired: {words}",
            remedy="Renew them, for example with `aws sso login`, and run the same again.",
        )
    action = "lambda:InvokeFunctionUrl" if service == FUNCTION_URL else "execute-api:Invoke"
    return AccessDeniedError(
        f"{what}: the credentials do not permit {action} on {url}, "
        f"or there is no such URL any more: {words}",
        action=action,
        resource=url,
        remedy="Let the account's administrator permit it, or create the trigger again.",
    )
