"""The local NoSQL storage: tables in a SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sebs.faas.table_storage import TableStorage
from sebs.local.tables import TableStore

if TYPE_CHECKING:
    from sebs.cache import Cache
    from sebs.faas.config import Resources

#: The variable that tells a function what stands before a table's own name in the platform's.
TABLES_VARIABLE = "SEBS_LOCAL_TABLES"


class LocalNoSQL(TableStorage):
    """Tables of one deployment.

    Address and secret of the service are no part of a function's variables: every execution
    environment is told by the gateway that starts it.

    Args:
        directory: Where the SQLite file lies; made with the first table.
        region: Region of the tables, which means nothing here.
        cache_client: The cache.
        resources: The deployment's resources.
    """

    def __init__(
        self, directory: Path, region: str, cache_client: Cache, resources: Resources
    ) -> None:
        super().__init__(TableStore(directory), TABLES_VARIABLE, region, cache_client, resources)

    @staticmethod
    def deployment_name() -> str:
        """Return the key of the platform."""
        return "local"

    def table_prefix(self, benchmark: str) -> str:
        """Return what stands before a benchmark's own names in the platform's."""
        # A slash, which no benchmark's name has, so that no two tables share a name.
        return f"sebs-benchmarks-{self._cloud_resources.resources_id}/{benchmark}/"
