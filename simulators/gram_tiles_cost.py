"""What a Gram matrix of images will cost: seconds a pair measured now, on all cores at once, and memory of a worker."""

from __future__ import annotations

import heapq
import sys
import time
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from simulators.gram_tiles import GramError, Job, examine, tiles

SIMULATED = 200_000
"""Tiles up to which the workers' queue is followed one by one."""
SECONDS = 1.5
"""How long one worker measures."""


@dataclass(frozen=True)
class Cost:
    """Seconds for a pair of different images and for one with itself, seconds to begin, bytes of a worker, workers."""

    pair: float
    itself: float
    start: float
    memory: int
    workers: int

    def predict(self, n: int, tile: int) -> float:
        """Seconds from start to end for n images in tiles of ``tile``: workers take the next tile when they are free."""
        blocks = -(-n // tile)
        if blocks * (blocks + 1) // 2 > SIMULATED:
            return self.start + (n * (n - 1) / 2 * self.pair + n * self.itself) / self.workers
        free = [0.0] * self.workers
        for one in tiles(n, tile):
            pairs, own = one.pairs
            heapq.heappush(free, heapq.heappop(free) + pairs * self.pair + own * self.itself)
        return self.start + max(free)


def sample(job: Job) -> tuple[float, float, int]:
    """Seconds for a pair and for an image with itself, and the bytes that this process has held at most."""
    images = job.load(0, 2)
    first, second = images[:1], images[-1:]
    job.kernel(first, second)  # what is done once in a process is not a pair's
    both: list[list[float]] = [[], []]
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(both[1]) < 2:
        for times, other in zip(both, (second, None), strict=True):
            start = time.perf_counter()
            job.kernel(first, other)
            times.append(time.perf_counter() - start)
    return median(both[0]), median(both[1]), _memory()


def _memory() -> int:
    """Peak resident bytes of this process, 0 where the system does not say.

    Linux counts in ``ru_maxrss`` what the process that started this one held, so its own high-water mark is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        marks = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        if marks:
            return int(marks[0]) * 1024
    try:
        import resource
    except ModuleNotFoundError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(job: Job, executor: Executor, workers: int) -> Cost:
    """The cost model of a job, measured now by all workers at once.  Raises `GramError` for bad images."""
    examine(job)
    if workers < 1:
        raise GramError(f"{workers} workers", "at least 1")
    start = time.perf_counter()
    began = [executor.submit(time.perf_counter) for _ in range(workers)]
    for future in began:
        future.result()
    ready = [executor.submit(sample, job) for _ in range(workers)]
    found = [future.result() for future in ready]
    spent = time.perf_counter() - start
    pairs, own, memory = zip(*found, strict=True)
    return Cost(median(pairs), median(own), max(0.0, spent - SECONDS), max(memory), workers)
