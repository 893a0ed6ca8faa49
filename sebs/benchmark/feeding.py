"""Giving a benchmark its storage and its data, and getting its event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sebs.benchmark.inputs import InputModule, StorageInputs
from sebs.benchmark.sebs_events import completed

if TYPE_CHECKING:
    from sebs.faas.resources import SystemResources


def prepare(
    benchmark: str,
    inputs: InputModule,
    data_dir: Path,
    size: str,
    resources: SystemResources,
    *,
    replace_existing: bool,
) -> dict[str, Any]:
    """Upload the input data of a benchmark, and return its event.

    Args:
        benchmark: Its name.
        inputs: Its ``input.py``.
        data_dir: Where its data is, or is generated; made where it does not exist.
        size: The input size.
        resources: The platform's storage services; only those that it uses are asked for.
        replace_existing: Whether data that is there is uploaded again.
    """
    storage = _allocate_storage(benchmark, inputs, resources, replace_existing)
    nosql_upload = None
    if tables := inputs.allocate_nosql():
        nosql = resources.get_nosql_storage()
        for table, keys in tables.items():
            nosql.create_benchmark_tables(
                benchmark, table, keys["primary_key"], keys.get("secondary_key")
            )
        nosql_upload = nosql.write_to_table
    data_dir.mkdir(parents=True, exist_ok=True)
    return completed(benchmark, size, inputs.generate(data_dir, size, storage, nosql_upload))


def _allocate_storage(
    benchmark: str, inputs: InputModule, resources: SystemResources, replace_existing: bool
) -> StorageInputs:
    counts = inputs.buckets_count()
    if not any(counts):
        return StorageInputs(None, [], [], None)
    storage = resources.get_storage(replace_existing)
    if inputs.wants_own_buckets:
        # Such a function takes the names for buckets, so a prefix would not do.
        own_inputs, own_outputs = storage.allocate_buckets(benchmark, counts)
        return StorageInputs(None, own_inputs, own_outputs, storage.bucket_uploader(own_inputs))
    from sebs.sebs_types import StorageBucketType

    input_prefixes, output_prefixes = storage.benchmark_data(benchmark, counts)
    bucket = storage.get_bucket(StorageBucketType.BENCHMARKS)
    return StorageInputs(bucket, input_prefixes, output_prefixes, storage.uploader_func)
