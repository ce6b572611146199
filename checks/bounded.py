"""Work on behalf of a file from elsewhere, within bounds of time and memory: a number in it may ask a simulator for anything."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SECONDS = 120
BYTES = 4 * 2**30


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = BYTES, device: str = "cpu") -> Iterator[None]:
    """Raises TimeoutError after ``seconds`` of wall time, MemoryError for ``memory`` bytes more than now.

    Each bound is set where the system has it: the time on the main thread of a Unix, the memory on Linux, and not where a
    device is used, which maps far more memory than it fills.
    """
    with _timed(seconds), _small(memory if device == "cpu" else 0):
        yield


@contextmanager
def _timed(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*about: Any) -> None:
        raise TimeoutError(f"no answer within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _small(memory: int) -> Iterator[None]:
    status = Path("/proc/self/statm")
    if not memory or not status.exists():
        yield
        return
    import resource

    now = int(status.read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = now + memory if hard == resource.RLIM_INFINITY else min(now + memory, hard)
    if soft != resource.RLIM_INFINITY and soft <= bound:  # bounded already
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
