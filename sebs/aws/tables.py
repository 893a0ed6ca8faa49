"""Tables in DynamoDB, and the rule that names them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any

from sebs.aws import faults
from sebs.aws.clients import CONNECTIONS
from sebs.aws.faults import error_code, reason
from sebs.aws.waiting import wait_for
from sebs.errors import (
    BucketNameTakenError,
    BucketNotFoundError,
    InvalidItemError,
    InvalidNameError,
    StorageError,
)
from sebs.faas import tags
from sebs.faas.tables import Key, Table, check_table, item_text, key_attributes, key_values

if TYPE_CHECKING:
    from sebs.aws.clients import Clients

#: Names that DynamoDB allows
#: (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}\Z")

_ESCAPED = re.compile(r"[^A-Za-z0-9.-]")

#: Items that one request may delete
#: (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
_MOST_DELETED = 25

#: Seconds in which a table comes or goes, or a full one takes what it refused.
_PATIENCE = 120.0

_NO_TABLE = "ResourceNotFoundException"

#: Answers while another change of the table, or of too many others, is under way.
_BUSY = ("ResourceInUseException", "LimitExceededException")


def deployment_prefix(resources_id: str) -> str:
    """Return what the names of all tables of a deployment begin with, and no others'.

    A name is ``sebs-benchmarks-<resource id>__<benchmark>__<table>``. What DynamoDB does not allow
    in the first two is written as ``_xx``, byte for byte, and so is ``_``: hence ``__`` ends them,
    and no two tables share a name.
    """
    return f"sebs-benchmarks-{_escape(resources_id)}__"


def table_prefix(resources_id: str, benchmark: str) -> str:
    """Return what the names of a benchmark's tables begin with; the benchmark's own name follows.

    A function is told this much of its tables' names.
    """
    return f"{deployment_prefix(resources_id)}{_escape(benchmark)}__"


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda found: "".join(f"_{byte:02x}" for byte in found[0].encode()), text)


class DynamoTables:
    """The tables of an account in a region; threads and processes may use it at once.

    Every operation raises :class:`~sebs.errors.BucketNotFoundError` where there is no such table,
    and :class:`~sebs.errors.StorageError`, or what :func:`sebs.aws.faults.explained` names, where
    DynamoDB refuses.

    Args:
        clients: The SDK's clients.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        #: Tables whose keys are known; they never change as long as there is the table.
        self._known: dict[str, Table] = {}

    @property
    def _client(self) -> Any:
        return self._clients.control("dynamodb")

    # Tables.

    def tables(self, owner: str) -> list[str]:
        """Return the sorted names of a deployment's tables."""
        client, prefix = self._client, deployment_prefix(owner)
        with _explained("Listing the tables"):
            pages = client.get_paginator("list_tables").paginate()
            names = sorted(
                name for page in pages for name in page["TableNames"] if name.startswith(prefix)
            )
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            owners = pool.map(self.owner, names)
            return [name for name, found in zip(names, owners, strict=True) if found == owner]

    def owner(self, name: str) -> str | None:
        """Return the resource id of the deployment that made a table; ``None`` without one."""
        found = self._describe(name)
        return self._owner(found) if found else None

    def exists(self, name: str) -> bool:
        """Return whether there is a table of this name."""
        found = self._describe(name)
        return found is not None and found["TableStatus"] != "DELETING"

    def create(self, table: Table) -> None:
        """Create a table, and wait until it can be used; it may be the deployment's own already.

        Raises:
            InvalidNameError: No table may have its name, or its keys have the same name.
            BucketNameTakenError: It exists with another owner.
            StorageError: It exists with other keys.
            PlatformTimeoutError: It does not become usable.
        """
        _check_name(table.name)
        check_table(table)

        def try_to() -> bool | None:
            if self._created(table):
                return True
            found = self._describe(table.name)
            if found is None or found["TableStatus"] != "ACTIVE":
                return None  # it comes, or goes
            self._adopt(table, found)
            return True

        wait_for(f"The making of the table {table.name}", try_to, _PATIENCE)
        wait_for(f"The table {table.name}", lambda: self._is_active(table.name), _PATIENCE)
        self._known[table.name] = table

    def clear(self, name: str) -> None:
        """Delete all items of a table."""
        table, client = self._table(name), self._client
        names = {"#p": table.primary}
        if table.secondary is not None:
            names["#s"] = table.secondary
        with _explained(f"Clearing the table {name}", name):
            pages = client.get_paginator("scan").paginate(
                TableName=name,
                ConsistentRead=True,
                ProjectionExpression=", ".join(names),
                ExpressionAttributeNames=names,
            )
            for page in pages:
                keys = page["Items"]
                for start in range(0, len(keys), _MOST_DELETED):
                    self._delete(name, keys[start : start + _MOST_DELETED])

    def remove(self, name: str) -> None:
        """Delete a table with all its items, and wait until it is gone."""
        client = self._client
        self._known.pop(name, None)

        def delete() -> bool | None:
            with _explained(f"Deleting the table {name}", name):
                try:
                    client.delete_table(TableName=name)
                except client.exceptions.ClientError as error:
                    if error_code(error) not in _BUSY:
                        raise
                    return None if self.exists(name) else True
            return True

        wait_for(f"The deletion of the table {name}", delete, _PATIENCE)
        wait_for(f"The end of the table {name}", lambda: self._is_gone(name), _PATIENCE)

    # Items.

    def insert(
        self, name: str, primary: Key, secondary: Key | None, data: Mapping[str, Any]
    ) -> None:
        """Write an item in the place of any other with its keys; they become part of it.

        Raises:
            InvalidItemError: The table cannot hold it, or its keys are other ones.
        """
        values = key_values(self._table(name), primary, secondary)
        item = _attributes(values, {**data, **key_attributes(primary, secondary)})
        client = self._client
        with _explained(f"Writing to the table {name}", name):
            try:
                client.put_item(TableName=name, Item=item)
            except client.exceptions.ClientError as error:
                if error_code(error) == "ValidationException":
                    raise InvalidItemError(f"The item for {values}: {reason(error)}") from error
                raise

    # What DynamoDB says.

    def _created(self, table: Table) -> bool:
        """Ask for a table; return whether that was granted."""
        client = self._client
        keys = {"HASH": table.primary, "RANGE": table.secondary}
        named = {kind: name for kind, name in keys.items() if name is not None}
        with _explained(f"Creating the table {table.name}", table.name):
            try:
                client.create_table(
                    TableName=table.name,
                    KeySchema=[
                        {"AttributeName": name, "KeyType": kind} for kind, name in named.items()
                    ],
                    AttributeDefinitions=[
                        {"AttributeName": name, "AttributeType": "S"} for name in named.values()
                    ],
                    BillingMode="PAY_PER_REQUEST",
                    Tags=tags.tag_list(table.owner),
                )
            except client.exceptions.ClientError as error:
                if error_code(error) not in _BUSY:
                    raise
                return False
        return True

    def _adopt(self, wanted: Table, found: Mapping[str, Any]) -> None:
        """Refuse a table that is not the one that is wanted."""
        owner = self._owner(found)
        if owner != wanted.owner:
            whose = f"to the deployment {owner!r}" if owner else "to no deployment"
            raise BucketNameTakenError(
                f"The table {wanted.name} belongs {whose}, not to {wanted.owner!r}.",
                remedy="Remove it first.",
            )
        keys, actual = _keys(found), (wanted.primary, wanted.secondary)
        if keys != actual:
            raise StorageError(
                f"The table {wanted.name} exists with the keys {keys}, not {actual}.",
                remedy="Remove it first.",
            )

    def _describe(self, name: str) -> dict[str, Any] | None:
        if not _NAME.match(name):
            return None
        client = self._client
        try:
            with _explained(f"Reading the table {name}", name):
                found: dict[str, Any] = client.describe_table(TableName=name)["Table"]
        except BucketNotFoundError:
            return None
        return found

    def _owner(self, found: Mapping[str, Any]) -> str | None:
        client, name = self._client, found["TableName"]
        try:
            with _explained(f"Reading the tags of the table {name}", name):
                pages = client.get_paginator("list_tags_of_resource").paginate(
                    ResourceArn=found["TableArn"]
                )
                return tags.owner([tag for page in pages for tag in page["Tags"]])
        except BucketNotFoundError:
            return None

    def _table(self, name: str) -> Table:
        """Return a table that exists, with its keys; its owner plays no part."""
        if name not in self._known:
            found = self._describe(name)
            if found is None:
                raise BucketNotFoundError(f"There is no table {name!r}.")
            self._known[name] = Table(name, "", *_keys(found))
        return self._known[name]

    def _is_active(self, name: str) -> bool | None:
        found = self._describe(name)
        return True if found is not None and found["TableStatus"] == "ACTIVE" else None

    def _is_gone(self, name: str) -> bool | None:
        return True if self._describe(name) is None else None

    def _delete(self, name: str, keys: list[dict[str, Any]]) -> None:
        """Delete items; what a busy table leaves undone is asked for again."""
        client = self._client
        remaining = {name: [{"DeleteRequest": {"Key": key}} for key in keys]}

        def delete() -> bool | None:
            nonlocal remaining
            answer = client.batch_write_item(RequestItems=remaining)
            remaining = answer.get("UnprocessedItems") or {}
            return None if remaining else True

        wait_for(f"The deletion of items in {name}", delete, _PATIENCE)


@contextmanager
def _explained(what: str, name: str = "") -> Iterator[None]:
    """Say of what DynamoDB complains.

    Args:
        what: What was being done, as the beginning of a sentence.
        name: The table that must exist.
    """
    from botocore.exceptions import ClientError

    with faults.explained(what, otherwise=StorageError):
        try:
            yield
        except ClientError as error:
            if name and error_code(error) == _NO_TABLE:
                raise BucketNotFoundError(f"There is no table {name!r}.") from error
            raise


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise InvalidNameError(
            f"{name!r} cannot be the name of a table.",
            remedy="DynamoDB allows letters, digits, '_', '.' and '-', 255 at most with the "
            "deployment and the benchmark before them.",
        )


def _keys(found: Mapping[str, Any]) -> tuple[str, str | None]:
    names = {key["KeyType"]: key["AttributeName"] for key in found["KeySchema"]}
    return names["HASH"], names.get("RANGE")


def _attributes(values: tuple[str, str], item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as DynamoDB takes it.

    Args:
        values: The values of its keys, for the message.
        item: The whole item.

    Raises:
        InvalidItemError: It is no JSON object, too large, or has a number that DynamoDB lacks.
    """
    from boto3.dynamodb.types import TypeSerializer

    # As JSON first: so tuples, keys that are no text and the like are what they are elsewhere.
    plain = json.loads(item_text(values, item), parse_float=Decimal)
    serialize = TypeSerializer().serialize
    try:
        return {name: serialize(value) for name, value in plain.items()}
    except DecimalException as error:
        raise InvalidItemError(
            f"The item for {values} has a number that DynamoDB does not: more than 38 digits, or "
            f"beyond 1E-130 to 9.9E+125 ({type(error).__name__})."
        ) from error
