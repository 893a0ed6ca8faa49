"""What became of a case."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from sebs.errors import ResultFormatError
from sebs.regression.cases import Case


class State(str, Enum):
    """How a case ended; the value is its key in files."""

    PASSED = "passed"
    UNJUDGED = "not judged"
    WRONG = "wrong"
    FAILED = "failed"
    BROKEN = "broken"
    NOT_RUN = "not run"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    Attributes:
        case: The case.
        state: Passed; not judged: it answered, and its benchmark does not say what is right;
            wrong: it answered, and an output or the start is not as it should be; failed: an
            invocation did not start, raised, or was not answered; broken: it could not be built,
            fed or deployed, or its outputs could not be judged on this machine; not run: an
            interruption came before it.
        reason: Why it is not passed; empty where it is.
        seconds: How long it took in all.
        cold: Client time of the cold invocation, µs; ``None`` unless it succeeded.
        warm: Client time of the warm one, µs; ``None`` unless it succeeded.
        code_hash: Hash of what was deployed; empty where nothing was built.
    """

    case: Case
    state: State
    reason: str = ""
    seconds: float = 0.0
    cold: int | None = None
    warm: int | None = None
    code_hash: str = ""

    @property
    def passed(self) -> bool:
        """Whether all is well, outputs included."""
        return self.state is State.PASSED

    @property
    def failing(self) -> bool:
        """Whether something is not well: what is not judged is neither passed nor failing."""
        return self.state not in (State.PASSED, State.UNJUDGED)

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "state": self.state.value}

    @staticmethod
    def deserialize(record: dict[str, Any]) -> Outcome:
        """Read what :meth:`serialize` wrote.

        Raises:
            ResultFormatError: It is something else.
        """
        names = {field.name for field in fields(Outcome)} - {"case", "state"}
        try:
            return Outcome(
                Case(**record["case"]),
                State(record["state"]),
                **{name: record[name] for name in names},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ResultFormatError(f"This is no outcome of a regression: {error!r}.") from error
