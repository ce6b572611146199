"""True claims on many bulk instances: none may be refuted.

`python -m tests.statistics.bulk 100000 [theorem | experiment | theorem/experiment …]` judges every claim on that many instances
of each experiment that covers it, prints a line for each, and ends with exit code 1 if any row excludes a claim.  An
experiment's name alone means those of every theorem; a name that nothing has is an error.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from checks.engine.gather import gather
from checks.engine.weigh import weigh
from checks.items import audits

CHUNK = 2048


def names(theorem: str, experiment: str) -> set[str]:
    """What an experiment can be asked for as."""
    return {theorem, experiment, f"{theorem}/{experiment}"}


def main(arguments: list[str]) -> int:
    """Judge the claims; the arguments are the number of instances and the names to restrict to."""
    import torch

    torch.set_num_threads(1)
    instances, wanted = int(arguments[0]), set(arguments[1:])
    refuted = 0
    stray = wanted - {n for name, audit in audits().items() for e in audit.experiments for n in names(name, e.name)}
    if stray:
        print(f"got {sorted(stray)[0]!r}, expected a theorem, an experiment or theorem/experiment: check the spelling")
        return 2
    for name, audit in audits().items():
        for experiment in audit.experiments:
            claims = [c for c in audit.theorem().claims if experiment.covers(c)]
            if not claims or (wanted and not wanted & names(name, experiment.name)):
                continue
            many = replace(experiment, examples=(), search=0, bulk=instances, chunk=CHUNK)
            started = time.process_time()
            evidence = gather(many)
            print(f"{name} / {experiment.name}: {time.process_time() - started:.0f} s to measure", flush=True)
            for claim in claims:
                verdict = weigh(claim, many, evidence)
                refuted += verdict.kind == "REFUTED"
                seen = f"{verdict.instances} instances, {verdict.rows} rows, median resolution {verdict.resolution.median:.1g}"
                print(f"  {claim.name:<26} {verdict.kind:<9} {seen}  {verdict.reason}", flush=True)
    print(f"{refuted} refuted")
    return int(refuted > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
