"""Functions that existed before and are not ours: invoked and measured, changed only where asked.

The one place that keeps them from being changed is :class:`Attaching`, which every platform
inherits: a hook that changes functions refuses those that are attached, whoever calls it, unless it
is called inside of ``with function.permitting(...)``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import Any, ClassVar

from sebs.errors import AttachedFunctionError, UnsupportedOperationError, UsageError
from sebs.faas.collaborators import Collaborators
from sebs.faas.function import Function
from sebs.sebs_types import SystemVariant


class Change(Enum):
    """What a hook may do to a function; the value is what :meth:`Attached.permitting` takes."""

    CODE = "new code"
    CONFIGURATION = "configuration"
    COLD_START = "cold start"
    TRIGGER = "trigger"
    DELETION = "deletion"


#: Hook to what it does to the functions among its arguments.
_CHANGES = {
    "update_function": Change.CODE,
    "update_function_configuration": Change.CONFIGURATION,
    "enforce_cold_start": Change.COLD_START,
    "create_trigger": Change.TRIGGER,
    "delete_function": Change.DELETION,
}

#: Names of functions, and what may be done to them: in this thread (or task) and no other, until
#: the block that said so ends.
_permitted: ContextVar[frozenset[tuple[str, Change]]] = ContextVar(
    "sebs_permitted", default=frozenset()
)


class Attached(Function):
    """A function that existed before and is not ours; a platform derives its own from it.

    Its name is all that the platform needs to find it and its metrics again. The cache of deployed
    functions never holds it.
    """

    #: What can be permitted: all, unless the platform says otherwise.
    permissible: ClassVar[frozenset[Change]] = frozenset(Change)

    @property
    def attached(self) -> bool:
        """True: it is not ours."""
        return True

    @property
    @abstractmethod
    def target(self) -> str:
        """What ``attach_function`` is called with to attach it again, from anywhere."""

    @property
    def label(self) -> str:
        """The alias that it is remembered under, unless the user chooses one."""
        return self.benchmark

    @contextmanager
    def permitting(self, *changes: Change | str) -> Iterator[None]:
        """Allow changes of this function inside of a ``with`` block, in this thread.

        Args:
            changes: Of :class:`Change`, or their values, such as ``"cold start"``.

        Raises:
            UsageError: There is no such change.
            UnsupportedOperationError: The platform does not make it to functions that are not ours.
        """
        wanted = frozenset(map(_change, changes))
        if refused := wanted - self.permissible:
            raise UnsupportedOperationError(
                f"{self.name} is attached; {_words(refused)} cannot be permitted.",
                remedy=f"What can be: {_words(self.permissible) or 'nothing'}.",
            )
        allowed = {(self.name, change) for change in wanted}
        token = _permitted.set(_permitted.get() | allowed)
        try:
            yield
        finally:
            _permitted.reset(token)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values, which say that it is attached."""
        return {**super().serialize(), "attached": True}


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """Stands where a benchmark is asked for, for a function whose code is not ours.

    Attributes:
        benchmark: What the function is called in reports.
    """

    benchmark: str
    hash: str = ""
    system_variant: SystemVariant = SystemVariant.PACKAGE
    language_variant: str = "default"


class Attaching(Collaborators):
    """The part of a platform that attaches functions, and guards those that are attached."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, change in _CHANGES.items():
            if (hook := vars(cls).get(name)) is not None:
                setattr(cls, name, _guarded(hook, change))

    def attach_function(self, name: str, **options: Any) -> Function:
        """Return a function that exists and is not ours, to be invoked and never changed.

        Args:
            name: By what the platform knows it.
            options: The platform's own.

        Raises:
            FunctionGoneError: There is no such function.
            UsageError: An option makes no sense.
            UnsupportedOperationError: The platform does not do that.
        """
        raise UnsupportedOperationError(f"{self.name()} cannot attach existing functions.")

    def detach_function(self, name: str) -> None:
        """Give up what the platform keeps for an attached function, by default nothing.

        The function itself stays as it is, and need not exist any more.

        Args:
            name: Its :attr:`Attached.target`.

        Raises:
            PlatformError: It could not be given up.
        """


def _change(change: Change | str) -> Change:
    try:
        return Change(change)
    except ValueError:
        raise UsageError(
            f"{change!r} is nothing that can be permitted.",
            remedy=f"Known changes: {_words(Change)}.",
        ) from None


def _words(changes: Iterable[Change]) -> str:
    return ", ".join(sorted(repr(change.value) for change in changes))


def _guarded(hook: Callable[..., Any], change: Change) -> Callable[..., Any]:
    """Return the hook, which refuses attached functions before it begins."""

    @wraps(hook)
    def guard(self: Attaching, *args: Any, **kwargs: Any) -> Any:
        for argument in (*args, *kwargs.values()):
            for name in _attached(argument):
                _require(name, change)
        return hook(self, *args, **kwargs)

    return guard


def _attached(argument: Any) -> Iterator[str]:
    """Yield the names of the attached functions in a hook's argument: one, several, or an entry."""
    if isinstance(argument, (list, tuple)):
        for item in argument:
            yield from _attached(item)
    elif isinstance(argument, Mapping):
        if argument.get("attached") is True:
            yield argument["name"]
    elif getattr(argument, "attached", False) is True:
        yield argument.name


def _require(name: str, change: Change) -> None:
    if (name, change) not in _permitted.get():
        raise AttachedFunctionError(
            f"The function {name} is attached, not ours: no {change.value} without permission.",
            remedy=f"If it shall be: `with function.permitting({change.value!r}):`, around the "
            "call.",
        )
