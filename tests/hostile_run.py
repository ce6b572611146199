"""Parse the tables of hostile and of understood relations with little memory to spare, watched; print JSON.

python -m tests.hostile_run
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
import warnings

from tests.hostile_relations import REFUSED
from tests.meant_relations import MEANT, THEOREM


def main() -> None:
    """Parse everything with 100 MB to spare, and print what came of it and what the interpreter did meanwhile."""
    import sympy

    from checks.engine.judge import compile_claim
    from checks.engine.parse import ParseError, parse

    for text, _ in MEANT.values():  # whatever sympy imports late is imported here
        relation = parse(text, THEOREM)
        sympy.sstr(relation), compile_claim(relation)
    for text in ("sgma = 1", "1/0 = x", "exp(exp(9)) = x", "not", "tan(pi/2) = x"):
        with contextlib.suppress(ParseError):
            parse(text, THEOREM)
    seen: list[str] = []
    watched = (
        "exec",
        "open",
        "import",
        "os.",
        "subprocess.",
        "socket.",
        "ctypes.",
        "code.",
        "shutil.",
        "marshal.",
        "pickle.",
    )
    sys.addaudithook(lambda event, _: seen.append(event) if event.startswith(watched) else None)
    warnings.simplefilter("error")
    with open("/proc/self/statm") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    seen.clear()
    resource.setrlimit(resource.RLIMIT_AS, (size + 100_000_000,) * 2)
    results = {}
    for kind, (text, _) in {**REFUSED, **{f"meant: {k}": v for k, v in MEANT.items()}}.items():
        started = time.process_time()
        try:
            outcome = ["meant", sympy.sstr(parse(text, THEOREM))]
        except ParseError as problem:
            outcome = ["refused", str(problem)]
        finally:
            if sys.exc_info()[0]:
                print(f"crashed on {kind}", file=sys.stderr)
        results[kind] = [*outcome, time.process_time() - started]
    done = list(seen)
    print(json.dumps({"results": results, "done": done}))


if __name__ == "__main__":
    main()
