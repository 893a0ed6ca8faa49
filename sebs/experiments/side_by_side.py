"""Makes trials of the eviction experiment at the same time, each on a function of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event as Flag
from typing import TYPE_CHECKING

from sebs.experiments.daemon_pool import DaemonPool
from sebs.experiments.trials import Made, Try, conduct

if TYPE_CHECKING:
    from sebs.experiments.bench import Bench, Event, Subject
    from sebs.faas.system import System


@dataclass(frozen=True, slots=True)
class _Ended:
    """A try that is over.

    Attributes:
        attempt: The try.
        copy: The function that is free again.
        future: Raises what the try raised.
    """

    attempt: Try
    copy: int
    future: Future[None]


class SideBySide:
    """Several functions with the same code, on each of which one try is made at a time.

    Args:
        bench: Deploys the functions.
        event: What they are invoked with.
        copies: How many there are.
        record: Is told of each invocation as it ends, in the thread that asks for the tries.
    """

    def __init__(
        self, bench: Bench, event: Event, copies: int, record: Callable[[Made], None]
    ) -> None:
        self._bench = bench
        self._event = event
        self._copies = copies
        self._record = record
        self._subjects: dict[int, Subject] = {}
        self._news: SimpleQueue[Made | _Ended] = SimpleQueue()
        self._broken_off = Flag()

    def make(self, tries: deque[Try]) -> Iterator[Try]:
        """Make tries; whoever is given one may add further ones.

        Args:
            tries: What is to be made; those that were begun are no longer in it.

        Yields:
            Each when it is over.

        Raises:
            PlatformError: The platform refuses or does not answer.
        """
        # All of them first: while one is deployed, nothing is recorded.
        for copy, attempt in zip(range(self._copies), tries, strict=False):
            self._subject(attempt, copy)
        try:
            yield from self._make(tries)
        finally:
            while not self._news.empty():
                self._take(self._news.get())

    def _make(self, tries: deque[Try]) -> Iterator[Try]:
        free = deque(range(self._copies))
        with DaemonPool(self._copies, "sebs-trial") as pool, ExitStack() as stack:
            stack.callback(self._broken_off.set)
            while tries or len(free) < self._copies:
                while tries and free:
                    self._begin(pool, tries.popleft(), free.popleft())
                ended = self._take(self._news.get())
                if ended is not None:
                    ended.future.result()
                    free.append(ended.copy)
                    yield ended.attempt

    def _begin(self, pool: DaemonPool, attempt: Try, copy: int) -> None:
        subject = self._subject(attempt, copy)
        wait = _waiting(self._bench.system, self._broken_off)
        future = pool.submit(conduct, attempt, subject, self._event, wait, self._news.put)
        future.add_done_callback(lambda over: self._news.put(_Ended(attempt, copy, over)))

    def _subject(self, attempt: Try, copy: int) -> Subject:
        """Return a function with the setting that a try needs."""
        setting, subject = attempt.trial.setting, self._subjects.get(copy)
        if subject is None or subject.setting != setting:
            subject = self._subjects[copy] = self._bench.subject(setting, copy)
        return subject

    def _take(self, news: Made | _Ended) -> _Ended | None:
        if isinstance(news, _Ended):
            return news
        self._record(news)
        return None


def _waiting(system: System, broken_off: Flag) -> Callable[[float], bool]:
    """Return what lets time pass on a platform, and says whether it did.

    Real time is waited for here, since an interrupt could not break off the platform's waiting in
    another thread.
    """

    def wait(seconds: float) -> bool:
        if system.clock_is_virtual:
            system.let_pass(seconds)
            return True
        return not broken_off.wait(seconds)

    return wait
