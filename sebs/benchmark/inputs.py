"""Running a benchmark's ``input.py``: what it is fed, and whether what it answers is right."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sebs.benchmark.conventions import (
    call_validator,
    generator_arguments,
    is_second_generation,
)
from sebs.errors import (
    DependencyError,
    InputGenerationError,
    PlatformError,
    UnknownInputSizeError,
)

#: ``(index of the input, key, file)``
Upload = Callable[[int, str, str], None]
NoSQLUpload = Callable[..., None]

#: ``sys.path`` and ``sys.modules`` belong to the process, so one input.py is loaded at a time.
_loading = threading.RLock()


@dataclass(frozen=True, slots=True)
class StorageInputs:
    """Where a benchmark's inputs and outputs are.

    Attributes:
        bucket: The bucket that all share; ``None`` where each has its own.
        inputs: Prefixes of the inputs, or their buckets.
        outputs: Prefixes of the outputs, or their buckets.
        upload: Puts a file into an input.
    """

    bucket: str | None
    inputs: list[str]
    outputs: list[str]
    upload: Upload | None


class InputModule:
    """The functions of an ``input.py``.

    Args:
        directory: The benchmark's directory.

    Raises:
        InputGenerationError: There is none, or it raises when it is loaded.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with self._running("could not be loaded"):
            self._module = _load(directory)

    def buckets_count(self) -> tuple[int, int]:
        """Return how many inputs and how many outputs the benchmark keeps in storage.

        Raises:
            InputGenerationError: Its own ``buckets_count`` raised, or returned something else.
        """
        function = getattr(self._module, "buckets_count", None)
        if function is None:
            return 0, 0
        with self._running("raised in buckets_count"):
            inputs, outputs = map(int, function())
        if inputs < 0 or outputs < 0:
            raise InputGenerationError(
                f"buckets_count of {self._directory.name} returned {(inputs, outputs)}, not two "
                "numbers from 0 on."
            )
        return inputs, outputs

    def allocate_nosql(self) -> dict[str, dict[str, str]]:
        """Return the tables: name to ``primary_key`` and, where there is one, ``secondary_key``.

        Raises:
            InputGenerationError: Its own ``allocate_nosql`` raised, or returned something else.
        """
        function = getattr(self._module, "allocate_nosql", None)
        if function is None:
            return {}
        with self._running("raised in allocate_nosql"):
            tables = {str(name): dict(keys) for name, keys in function().items()}
        for table, keys in tables.items():
            for key, names in (("primary_key", str), ("secondary_key", (str, type(None)))):
                if not isinstance(keys.get(key), names):
                    raise InputGenerationError(
                        f"The {key} of the table {table!r} of {self._directory.name} should be a "
                        f"name, and is {keys.get(key)!r}."
                    )
        return tables

    @property
    def wants_own_buckets(self) -> bool:
        """Whether the benchmark is of the first generation."""
        return not is_second_generation(self._generator)

    @property
    def judges(self) -> bool:
        """Whether the benchmark says what a right output is."""
        return hasattr(self._module, "validate_output")

    def require_size(self, size: str) -> None:
        """Make sure that there is such an input size, where the benchmark declares its sizes.

        Raises:
            UnknownInputSizeError: There is not.
        """
        known = self.sizes
        if known and size not in known:
            raise self._unknown_size(size)

    @property
    def sizes(self) -> list[str]:
        """The input sizes that it declares, sorted; empty where it declares none."""
        sizes = getattr(self._module, "size_generators", None)
        return sorted(map(str, sizes)) if isinstance(sizes, Mapping) else []

    def generate(
        self,
        data_dir: Path,
        size: str,
        storage: StorageInputs,
        nosql_upload: NoSQLUpload | None,
    ) -> dict[str, Any]:
        """Return the event for an input size, after its data has been uploaded.

        Raises:
            UnknownInputSizeError: The benchmark has no such size.
            InputGenerationError: ``generate_input`` raised, or returned no object, or one that is
                no JSON.
        """
        self.require_size(size)
        generator = self._generator
        arguments = generator_arguments(
            generator,
            data_dir=str(data_dir),
            size=size,
            bucket=storage.bucket,
            inputs=storage.inputs,
            outputs=storage.outputs,
            upload=storage.upload,
            nosql_upload=nosql_upload,
        )
        with self._running(f"raised for the size {size!r}"):
            try:
                event = generator(*arguments)
            except KeyError as error:
                if error.args == (size,):
                    raise self._unknown_size(size) from error
                raise
        if not isinstance(event, dict):
            raise InputGenerationError(
                f"generate_input of {self._directory.name} returned {type(event).__name__}, "
                "not an object."
            )
        try:
            json.dumps(event, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputGenerationError(
                f"generate_input of {self._directory.name} returned what is no JSON for the size "
                f"{size!r}: {error}."
            ) from error
        return event

    def validate(
        self,
        data_dir: Path,
        event: dict[str, Any],
        output: Any,
        *,
        language: str,
        architecture: str,
        storage: Any,
    ) -> str | None:
        """Return ``None`` where an output is right, else the reason why not.

        A validator that raises is a reason: what it says of the output is that it could not be
        understood.

        Raises:
            DependencyError: What it takes to judge cannot be installed on this machine.
            PlatformError: The platform that the output is on does not answer, or refuses.
        """
        known = {
            "data_dir": str(data_dir),
            "input_config": event,
            "output": output,
            "language": language,
            "architecture": architecture,
            "storage": storage,
        }
        try:
            return self.judge(known)
        except (DependencyError, PlatformError):
            # They say nothing of the output.
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what foreign code raises is its verdict
            return f"validate_output raised {described(error)}"

    def judge(self, known: Mapping[str, Any]) -> str | None:
        """Do what :meth:`validate` does, and let through whatever the validator raises.

        Args:
            known: What it may ask for; see :func:`sebs.benchmark.conventions.call_validator`.
        """
        validator = getattr(self._module, "validate_output", None)
        if validator is None:
            return None
        with _importable(self._directory):
            verdict = call_validator(validator, {**known, "output": _both_names(known["output"])})
        if verdict is None or verdict is True:
            return None
        if verdict is False:
            return "validate_output says that the output is wrong, and not why"
        if isinstance(verdict, str):
            return verdict or "validate_output gave an empty reason"
        return f"validate_output returned {verdict!r}, which is neither a reason nor a truth value"

    @property
    def _generator(self) -> Callable[..., Any]:
        function = getattr(self._module, "generate_input", None)
        if not callable(function):
            raise InputGenerationError(
                f"The input.py of {self._directory.name} has no generate_input."
            )
        generator: Callable[..., Any] = function
        return generator

    def _unknown_size(self, size: str) -> UnknownInputSizeError:
        known = self.sizes
        remedy = f"Known sizes: {', '.join(known)}." if known else "Usual ones: test, small, large."
        return UnknownInputSizeError(
            f"{self._directory.name} has no input of size {size!r}.", remedy=remedy
        )

    @contextmanager
    def _running(self, what: str) -> Iterator[None]:
        """Turn what foreign code raises into an error that says where it came from.

        What it prints goes to standard error: standard output belongs to results.
        """
        try:
            with _importable(self._directory), redirect_stdout(sys.stderr):
                yield
        except (UnknownInputSizeError, InputGenerationError):
            raise
        except (Exception, SystemExit) as error:
            raise InputGenerationError(
                f"The input.py of {self._directory.name} {what}: {described(error)}."
            ) from error


def _load(directory: Path) -> ModuleType:
    path = directory / "input.py"
    # Not registered in sys.modules: every benchmark has a module of this name.
    spec = importlib.util.spec_from_file_location(f"{directory.name}.input", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputGenerationError(f"{directory.name} has no input.py.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(directory: Path) -> Iterator[None]:
    """Let ``input.py`` import its neighbours, and leave no trace of them afterwards."""
    with _loading:
        before = set(sys.modules)
        writes_bytecode = sys.dont_write_bytecode
        sys.path.insert(0, str(directory))
        sys.dont_write_bytecode = True
        try:
            yield
        finally:
            sys.dont_write_bytecode = writes_bytecode
            sys.path.remove(str(directory))
            for name in set(sys.modules) - before:
                origin = getattr(sys.modules[name], "__file__", None)
                if origin and Path(origin).is_relative_to(directory):
                    del sys.modules[name]


def described(error: BaseException) -> str:
    """Return an exception as Python prints it: its type, and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _both_names(output: Any) -> Any:
    """Return an output with its result under both names that validators know it by."""
    names = {"result", "output"}
    if isinstance(output, dict) and len(names & output.keys()) == 1:
        (present,) = names & output.keys()
        (absent,) = names - output.keys()
        return {**output, absent: output[present]}
    return output
