"""NoSQL storage on DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sebs.aws.config import NAME
from sebs.aws.tables import DynamoTables, table_prefix
from sebs.faas.table_storage import TableStorage

if TYPE_CHECKING:
    from sebs.aws.clients import Clients
    from sebs.cache import Cache
    from sebs.faas.config import Resources

#: The variable that tells a function what stands before a table's own name in the platform's.
TABLES_VARIABLE = "SEBS_AWS_TABLES"


class AWSNoSQL(TableStorage):
    """Tables of one deployment, paid for by the request.

    Args:
        clients: The SDK's clients.
        cache_client: The cache.
        resources: The deployment's resources.
    """

    def __init__(self, clients: Clients, cache_client: Cache, resources: Resources) -> None:
        self._dynamo = DynamoTables(clients)
        super().__init__(self._dynamo, TABLES_VARIABLE, clients.region, cache_client, resources)

    @staticmethod
    def deployment_name() -> str:
        """Return the key of the platform."""
        return NAME

    def table_prefix(self, benchmark: str) -> str:
        """Return what stands before a benchmark's own names in the platform's."""
        return table_prefix(self._cloud_resources.resources_id, benchmark)

    def owns(self, name: str) -> bool:
        """Return whether a table, by the platform's name, belongs to this deployment."""
        return self._dynamo.owner(name) == self._cloud_resources.resources_id
