"""Threads for invocations, of which none keeps an interrupted experiment from ending.

A thread pool of the standard library is waited for when the block and when the program ends. An
invocation may take a quarter of an hour; its answer is lost after an interruption anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

_T = TypeVar("_T")


class DaemonPool:
    """So many threads; at the end of the block those that are busy are left to themselves.

    Args:
        threads: How many, and how many calls may be under way at once.
        name: What they are called.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for _ in self._threads:
            self._calls.put(None)

    def submit(self, call: Callable[..., _T], *arguments: object) -> Future[_T]:
        """Call in one of the threads, and return what will have the result or the error."""
        future: Future[_T] = Future()

        def make() -> None:
            try:
                future.set_result(call(*arguments))
            except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
                future.set_exception(error)

        self._calls.put(make)
        return future

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
