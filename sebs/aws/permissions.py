"""Who else may invoke a function: single statements of its policy, by our own identifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import explained, reason
from sebs.aws.waiting import wait_for

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: What is allowed in a statement's identifier.
#: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_-]")

#: Seconds that another change of the function may take.
_BUSY_WITHIN = 60.0


def statement_id(*words: str) -> str:
    """Return an identifier of ours; the same words make the same statement."""
    return _NOT_ALLOWED.sub("-", "-".join(("sebs", *words)))[:100]


def permit(clients: Clients, function: str, statement: str, **who: Any) -> None:
    """Let somebody invoke a function; harmless where the statement is there already.

    Args:
        clients: The deployment's clients.
        function: Its name.
        statement: Identifier of the statement.
        who: ``Action``, ``Principal`` and their conditions, as ``AddPermission`` takes them.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("lambda")
    what = f"Permitting others to invoke the function {function}"

    def ask() -> bool | None:
        try:
            client.add_permission(FunctionName=function, StatementId=statement, **who)
        except client.exceptions.ResourceConflictException as error:
            # Of that name there is one, whose words say all that it does; else an update goes on.
            return True if "already exists" in reason(error) else None
        return True

    with explained(what):
        wait_for(what, ask, _BUSY_WITHIN)


def forbid(clients: Clients, function: str, statement: str) -> None:
    """Take a statement back; harmless where it, or the function, is not there.

    Raises:
        PlatformError: AWS refused.
    """
    client = clients.control("lambda")
    with explained(f"Forbidding others to invoke the function {function}"):
        try:
            client.remove_permission(FunctionName=function, StatementId=statement)
        except client.exceptions.ResourceNotFoundException:
            return
