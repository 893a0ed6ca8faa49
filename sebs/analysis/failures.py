"""Whether the invocations of one run fail more often than those of another."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from sebs.analysis.quantiles import CONFIDENCE


@dataclass(frozen=True)
class Failures:
    """How many invocations of two runs failed, those included that were made again.

    Attributes:
        n_base: Invocations of the base.
        failed_base: How many of them failed.
        n_head: Invocations of the head.
        failed_head: How many of them failed.
    """

    n_base: int
    failed_base: int
    n_head: int
    failed_head: int

    @cached_property
    def p_value(self) -> float:
        """Of Fisher's exact test of "the head fails no more often": one-sided.

        The probability that at least so many of the failures are of the head, if all of them are
        drawn from all invocations without replacement: Fisher, *The Design of Experiments*, 1935.
        """
        import numpy as np

        failed = self.failed_base + self.failed_head
        # What scipy.stats.fisher_exact returns, without half a second of import.
        of_head = np.arange(self.failed_head, min(failed, self.n_head) + 1)
        ways = _log_choose(self.n_head, of_head) + _log_choose(self.n_base, failed - of_head)
        every = _log_choose(self.n_base + self.n_head, np.array([failed]))
        return min(1.0, float(np.exp(ways - every).sum()))

    @property
    def more_often(self) -> bool:
        """Whether the head is shown to fail more often.

        At 2.5 %: as for times, of which no more are called slower by chance.
        """
        return self.p_value < (1 - CONFIDENCE) / 2

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "p_value": self.p_value, "more_often": self.more_often}


def _log_choose(n: int, k: Any) -> Any:
    """Return the logarithm of n over k, minus infinity where there is no such choice."""
    import numpy as np
    from scipy.special import betaln

    possible = (k >= 0) & (k <= n)
    inside = np.where(possible, k, 0)
    return np.where(possible, -np.log1p(n) - betaln(n - inside + 1, inside + 1), -np.inf)
