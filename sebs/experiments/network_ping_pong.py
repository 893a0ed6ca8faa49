"""Network ping-pong: how long a message takes from a function to this machine and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PositiveInt

from sebs.errors import UsageError
from sebs.experiments.cells import PARALLEL, Cell, measure_cell
from sebs.experiments.experiment import Experiment
from sebs.experiments.parameters import Parameters
from sebs.invoke.evaluate import received
from sebs.invoke.peering import peer_place
from sebs.results.schema import Column

if TYPE_CHECKING:
    from sebs.analysis.conclusion import Conclusion
    from sebs.experiments.bench import Bench, Event, Setting
    from sebs.faas.result import ExecutionResult
    from sebs.faas.system import System
    from sebs.results.results import Results
    from sebs.results.run import Run
    from sebs.sebs import SeBS

#: The benchmark that can do it; there is no other one.
BENCHMARK: Literal["020.network-benchmark"] = "020.network-benchmark"


class NetworkPingPongParameters(Parameters):
    """``experiments.network-ping-pong``.

    Attributes:
        invocations: How many are wanted, of all threads together.
        repetitions: Round trips of each invocation.
        threads: How many invocations are made at a time.
        protocol: What the messages are sent by.
    """

    benchmark: Literal["020.network-benchmark"] = BENCHMARK
    invocations: PositiveInt = 10
    repetitions: PositiveInt = 1000
    threads: PositiveInt = Field(default=1)
    protocol: Literal["udp", "tcp"] = "udp"


class NetworkPingPong(Experiment):
    """The experiment."""

    NAME = "network-ping-pong"
    PARAMETERS = NetworkPingPongParameters
    FACTORS = (Column("protocol", "text", "", "what the messages were sent by: udp or tcp"),)
    VARYING = ("memory", "architecture", "function", "kind")
    parameters: NetworkPingPongParameters

    #: What was measured before this run was resumed, with a peer that is gone.
    _before: frozenset[str] = frozenset()

    def _cell(self, setting: Setting) -> Cell:
        asked = self.parameters
        point = {**setting.point, "protocol": asked.protocol}
        return Cell(point, PARALLEL, asked.invocations, asked.threads)

    def wanted(self) -> Sequence[str]:
        """Return the ids of the invocations that are wanted."""
        return [each for setting in self.packages for each in self._cell(setting).ids]

    def prepare(self, client: SeBS, system: System) -> None:
        """Look over what is asked for.

        Raises:
            UsageError: The benchmark or its input size does not exist, the platform cannot, or it
                is not known where functions reach this machine.
            LimitExceededError: A memory size is out of range.
        """
        try:
            peer_place(system, self.config.peer_address)
        except UsageError as error:
            raise UsageError(
                f"{self.NAME} needs a way from the function to this machine. {error.message}",
                remedy=error.remedy,
            ) from error
        super().prepare(client, system)
        for package in self.packages.values():
            package.benchmark_config.peer = f"{self.parameters.protocol}-echo"

    def measure(self, run: Run, bench: Bench) -> Iterator[ExecutionResult]:
        """Make the invocations that the run lacks.

        Raises:
            ExperimentError: Batch after batch fails: no message comes back, say.
            PlatformError: The platform refuses or does not answer.
        """
        event, self._before = self._event(bench), run.recorded()
        for setting in self.packages:
            cell = self._cell(setting)
            if set(cell.ids) <= run.recorded():
                continue
            subject = bench.subject(setting)
            yield from measure_cell(
                run,
                cell,
                partial(subject.invoke, event),
                subject.force_cold,
                shared={"function": subject.function.name},
            )

    def judge(self, run: Run, bench: Bench) -> None:
        """Judge the outputs by the table that each stored, and by what the peer saw of it."""
        package = next(iter(self.packages.values()))
        storage = bench.system.system_resources.get_storage()
        event = self._event(bench)
        of_another_peer = {**event, "server-port": 0}
        for each in run.invocations():
            if not each.result.stats.failure:
                sent = of_another_peer if each.id in self._before else event
                got = received(sent, each.result)
                run.judge(each.id, package.validate_output(got, each.result.output, storage))

    def _event(self, bench: Bench) -> Event:
        asked = self.parameters
        return {
            **bench.events[asked.input_size],
            "protocol": asked.protocol,
            "repetitions": asked.repetitions,
            "with-times": True,
        }

    @classmethod
    def process(cls, results: Results) -> Conclusion:
        """Return how round trips are distributed, together and by environment.

        Raises:
            InvalidSampleError: Nothing was measured.
        """
        from sebs.analysis.round_trips import conclude_round_trips

        return conclude_round_trips(results)
