"""What is wrong with a benchmark's ``input.py``: its inputs are made, and go nowhere."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sebs.benchmark.inputs import InputModule, NoSQLUpload, StorageInputs
from sebs.checking.finding import Finding, of_error
from sebs.checking.validator import check_validator
from sebs.errors import InputGenerationError, InvalidItemError, SebsError, UnknownInputSizeError
from sebs.faas.tables import Key, Table, check_table, item_text, key_attributes, key_values

_USUAL_SIZES = ("test", "small", "large")
_REMEDY = "Correct it, or name the directory with its data with --data-dir."


def check_inputs(directory: Path, sizes: Sequence[str], data_dir: Path | None) -> Iterator[Finding]:
    """Yield what is wrong with the inputs that are made, and with the validator.

    Args:
        directory: The benchmark's directory, absolute.
        sizes: Input sizes to generate; by default all that it declares, else the usual ones.
        data_dir: The benchmark's directory for data; by default an empty one, deleted at the end.
    """
    try:
        module = InputModule(directory)
        storage = _looking_storage(module)
        nosql = _looking_tables(directory.name, module)
    except SebsError as error:
        yield of_error("input.py", error, _REMEDY)
        return
    if not module.sizes:
        yield Finding(
            "input.py", "it declares no sizes: a wrong one is not answered with the right ones",
            "Add a dictionary size_generators whose keys are the sizes.", problem=False,
        )  # fmt: skip
    event = None
    with tempfile.TemporaryDirectory(prefix="sebs-check-") as temporary:
        data = data_dir or Path(temporary)
        for size in sizes or module.sizes or _USUAL_SIZES:
            try:
                event = module.generate(data, size, storage, nosql)
            except UnknownInputSizeError as error:
                # Of the usual sizes a benchmark need not have more than the one that tests use.
                wanted = size in sizes or size == _USUAL_SIZES[0]
                what = error.message.removesuffix(".")
                yield Finding("input.py", what, str(error.remedy), problem=wanted)
            except SebsError as error:
                yield of_error("input.py", error, _REMEDY)
        if event is not None or not module.judges:
            yield from check_validator(module, data, event)


def _looking_storage(module: InputModule) -> StorageInputs:
    """Return a storage that has what a benchmark asks for, and only looks at what it gets."""
    inputs, outputs = module.buckets_count()
    if not inputs and not outputs:
        return StorageInputs(None, [], [], None)

    def upload_func(index: int, key: str, path: str) -> None:
        if not 0 <= index < inputs:
            raise InputGenerationError(f"It uploads to input {index}, of {inputs}.")
        if not isinstance(key, str) or not Path(path).is_file():
            raise InputGenerationError(f"It uploads {str(path)!r} as {key!r}, which is no file.")

    return StorageInputs(
        None if module.wants_own_buckets else "bucket",
        [f"input-{number}" for number in range(inputs)],
        [f"output-{number}" for number in range(outputs)],
        upload_func,
    )


def _looking_tables(benchmark: str, module: InputModule) -> NoSQLUpload | None:
    """Return tables that a benchmark asks for, and that only look at what they get."""
    tables = {
        name: Table(name, benchmark, keys["primary_key"], keys.get("secondary_key"))
        for name, keys in module.allocate_nosql().items()
    }
    for table in tables.values():
        check_table(table)

    def nosql_func(
        owner: str,
        table: str,
        data: Mapping[str, Any],
        primary_key: Key,
        secondary_key: Key | None = None,
    ) -> None:
        if owner != benchmark:
            raise InvalidItemError(f"It writes a table of {owner!r}, and is {benchmark!r}.")
        if table not in tables:
            raise InvalidItemError(f"It has no table {table!r}, but {', '.join(tables)}.")
        values = key_values(tables[table], primary_key, secondary_key)
        item_text(values, {**data, **key_attributes(primary_key, secondary_key)})

    return nosql_func if tables else None
