"""Notifications of S3: an object below a prefix of the deployment's bucket invokes a function.

All functions share the bucket, and S3 takes its notifications as one document only. Whoever
changes it keeps what others have in it: under a lock of this machine, and by looking again
afterwards, since another machine may have written in between.

S3 invokes asynchronously, and Lambda runs what failed again, twice: that is turned off, as what is
measured runs once.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from sebs.aws.faults import error_code, explained, reason
from sebs.aws.permissions import permit, statement_id
from sebs.aws.waiting import wait_for
from sebs.errors import LimitExceededError, PlatformError, PlatformTimeoutError

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: Where events and answers are in the bucket: below the function's name.
EVENTS, ANSWERS = "sebs-events/", "sebs-answers/"

#: Notifications that a bucket has at most.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
MOST = 100

#: How often a document that others replaced meanwhile is written again.
_ATTEMPTS = 5

#: Seconds for which S3 may not yet see that it is permitted.
_SETTLES_WITHIN = 10.0

_FUNCTIONS = "LambdaFunctionConfigurations"

_log = logging.getLogger("sebs.AWS")


def ensure_notification(
    clients: Clients, bucket: str, function: str, arn: str, lock: AbstractContextManager[None]
) -> None:
    """Let objects below ``sebs-events/<function>/`` invoke a function, each of them once.

    Args:
        clients: The deployment's clients.
        bucket: The deployment's bucket.
        function: The function's name.
        arn: The function's ARN.
        lock: Excludes others of this machine who change the bucket's notifications.

    Raises:
        LimitExceededError: The bucket has as many notifications as S3 allows.
        PlatformError: AWS refused.
    """
    run_once(clients, function)
    _, partition, _, _, account, *_ = arn.split(":")
    permit(
        clients,
        function,
        statement_id("s3", bucket),
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:{partition}:s3:::{bucket}",
        SourceAccount=account,
    )
    ours = {
        "Id": _identifier(function),
        "LambdaFunctionArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"{EVENTS}{function}/"}]}},
    }
    with lock, explained(f"Letting the bucket {bucket} invoke the function {function}"):
        _replace(clients, bucket, function, ours)


def delete_notification(
    clients: Clients, bucket: str, function: str, lock: AbstractContextManager[None]
) -> None:
    """Take a function's notification away; harmless where there is none, or no such bucket.

    Raises:
        PlatformError: AWS refused.
    """
    from botocore.exceptions import ClientError

    with lock, explained(f"Keeping the bucket {bucket} from invoking the function {function}"):
        try:
            _replace(clients, bucket, function, None)
        except ClientError as error:
            if error_code(error) not in ("NoSuchBucket", "404"):
                raise


def run_once(clients: Clients, function: str) -> None:
    """Keep Lambda from running a failed asynchronous invocation of the function again.

    Raises:
        PlatformError: AWS refused.
    """
    with explained(f"Turning off the retries of the function {function}"):
        clients.control("lambda").put_function_event_invoke_config(
            FunctionName=function, MaximumRetryAttempts=0
        )


def _replace(clients: Clients, bucket: str, function: str, wanted: dict[str, Any] | None) -> None:
    """Put the function's notification in the place of the one that it has, if any."""
    identifier = _identifier(function)
    for _ in range(_ATTEMPTS):
        document = _read(clients, bucket)
        rows = document.get(_FUNCTIONS, [])
        if _same([row for row in rows if row["Id"] == identifier], wanted):
            return
        others = [row for row in rows if row["Id"] != identifier]
        document[_FUNCTIONS] = others if wanted is None else [*others, wanted]
        _check_number(bucket, document)
        _write(clients, bucket, document)
    raise PlatformError(
        f"The notifications of the bucket {bucket} are changed by others all the time.",
        remedy="Run the same again when they have finished.",
    )


def _read(clients: Clients, bucket: str) -> dict[str, Any]:
    found = clients.control("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def _write(clients: Clients, bucket: str, document: dict[str, Any]) -> None:
    """Write the document; S3 first checks that it may invoke every function in it."""
    from botocore.exceptions import ClientError

    client = clients.control("s3")
    arguments = {"Bucket": bucket, "NotificationConfiguration": document}
    refused = ""

    def ask() -> bool | None:
        nonlocal refused
        try:
            client.put_bucket_notification_configuration(**arguments)
        except ClientError as error:
            if error_code(error) != "InvalidArgument":
                raise
            refused = reason(error)
            return None
        return True

    try:
        wait_for(f"That the bucket {bucket} may invoke its functions", ask, _SETTLES_WITHIN)
    except PlatformTimeoutError:
        # Ours exists and permits it; one that others have in it does not, or not any more.
        _log.warning("The bucket %s has a notification in vain: %s", bucket, refused)
        client.put_bucket_notification_configuration(**arguments, SkipDestinationValidation=True)


def _same(found: list[dict[str, Any]], wanted: dict[str, Any] | None) -> bool:
    """Return whether there is what is wanted; S3 may answer with more fields than it was given."""
    if wanted is None:
        return not found
    return len(found) == 1 and found[0].get("LambdaFunctionArn") == wanted["LambdaFunctionArn"]


def _check_number(bucket: str, document: dict[str, Any]) -> None:
    number = sum(len(rows) for key, rows in document.items() if key.endswith("Configurations"))
    if number > MOST:
        raise LimitExceededError(
            f"The bucket {bucket} would have {number} notifications; S3 allows {MOST}.",
            remedy="Delete functions with storage triggers, or use another deployment for more.",
        )


def _identifier(function: str) -> str:
    return f"sebs-{function}"
