"""What it costs to send a payload: latency = a + b · size, cold and warm apart.

An invocation's latency here is the time from sending it until the function received it, without
setting up the connection: Copik et al., *SeBS*, Middleware 2021, section 6.4. The clocks of client
and function differ by an offset θ, which is subtracted: start-up = arrival - θ - send - connect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sebs.errors import InvalidSampleError

#: Bytes in a megabyte of payload: a decimal one, as networks count.
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """How long one invocation took to reach its function.

    Attributes:
        payload: Bytes.
        is_cold: Whether an environment was started for it.
        sent: When the client began, Unix seconds by its clock.
        received: When the function had it, Unix seconds by the function's clock.
        connecting: Seconds to set up the connection.
        offset: θ, by how much the function's clock is ahead of the client's, seconds.
    """

    payload: float
    is_cold: bool
    sent: float
    received: float
    connecting: float = 0.0
    offset: float = 0.0

    @property
    def latency(self) -> float:
        """Seconds from sending to receiving, without offset and connection."""
        return self.received - self.offset - self.sent - self.connecting


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, by least squares.

    Intervals have a confidence of 95 % and are Student's: they hold where the points scatter
    normally, and equally far at every size.

    Attributes:
        intercept_s: a, seconds of an invocation without payload.
        slope_s_per_mb: b, seconds a megabyte; ``None`` where all payloads have one size.
        r2: Share of the variance that the line explains; ``None`` where nothing varies.
        n: Number of points.
        intercept_low_s: Lower end of the interval of a; ``None`` where there are too few points.
        intercept_high_s: Higher end.
        slope_low_s_per_mb: Lower end of the interval of b; ``None`` likewise.
        slope_high_s_per_mb: Higher end.
    """

    intercept_s: float
    slope_s_per_mb: float | None
    r2: float | None
    n: int
    intercept_low_s: float | None = None
    intercept_high_s: float | None = None
    slope_low_s_per_mb: float | None = None
    slope_high_s_per_mb: float | None = None

    @property
    def depends_on_size(self) -> bool | None:
        """Whether a slope other than zero is shown; ``None`` where nothing can be shown."""
        if self.slope_low_s_per_mb is None or self.slope_high_s_per_mb is None:
            return None
        return not self.slope_low_s_per_mb <= 0 <= self.slope_high_s_per_mb

    def serialize(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def fit_overhead(deliveries: Iterable[Delivery]) -> tuple[Line | None, Line | None]:
    """Fit a line to the cold and one to the warm; ``None`` for a kind that has no invocation.

    Raises:
        InvalidSampleError: There is no invocation at all, or some have values that are no finite
            numbers.
    """
    found = list(deliveries)
    if not found:
        raise InvalidSampleError("There is not a single invocation to fit the overhead to.")
    cold = [delivery for delivery in found if delivery.is_cold]
    warm = [delivery for delivery in found if not delivery.is_cold]
    return _line(cold), _line(warm)


def _line(deliveries: Sequence[Delivery]) -> Line | None:
    import numpy as np

    from sebs.analysis.quantiles import sample

    if not deliveries:
        return None
    sizes = sample([delivery.payload for delivery in deliveries]) / MEGABYTE
    latencies = sample([delivery.latency for delivery in deliveries])
    n = len(deliveries)
    spread = float(np.sum((latencies - latencies.mean()) ** 2))
    if np.ptp(sizes) == 0:
        mean = float(latencies.mean())
        return Line(mean, None, None, n, *_interval(mean, spread / n, n - 1))
    slope, intercept = (float(value) for value in np.polyfit(sizes, latencies, 1))
    residual = float(np.sum((latencies - intercept - slope * sizes) ** 2))
    apart = float(np.sum((sizes - sizes.mean()) ** 2))
    return Line(
        intercept,
        slope,
        1 - residual / spread if spread else None,
        n,
        *_interval(intercept, residual * (1 / n + float(sizes.mean()) ** 2 / apart), n - 2),
        *_interval(slope, residual / apart, n - 2),
    )


def _interval(value: float, squares: float, freedom: int) -> tuple[float | None, float | None]:
    """Return Student's interval of an estimate.

    Args:
        value: The estimate.
        squares: Its variance, times the degrees of freedom.
        freedom: The degrees of freedom.
    """
    from scipy.special import stdtrit

    from sebs.analysis.quantiles import CONFIDENCE

    if freedom < 1:
        return None, None
    width = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * (squares / freedom) ** 0.5
    return value - width, value + width
