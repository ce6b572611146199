"""Every variant on a larger search: ``python -m tests.statistics.variants thorough [theorem …]``.

Prints a line for each that is not what its table says, and the counts at the end; exit code 1 if a true one is accused.
"""

from __future__ import annotations

import sys
import time

from tests.variants import EVERY, every_variant, judged


def main(profile: str, theorems: list[str]) -> int:
    """Judge them; the number of true ones accused."""
    counts = {(holds, right): 0 for holds in (True, False) for right in (True, False)}
    below = 0
    for variant in every_variant():
        if theorems and variant.theorem not in theorems:
            continue
        started = time.perf_counter()
        verdict = judged(variant, profile, EVERY)
        right = (verdict.kind != "REFUTED") == (variant.holds or bool(variant.below))
        if variant.below:
            below += 1
        else:
            counts[variant.holds, right] += 1
        if not right:
            print(f"{'true' if variant.holds else 'false'}, but {verdict.kind}: {variant.theorem}: {variant.relation}")
            print(f"  {variant.why}; resolution {verdict.resolution.median:.1g}; {time.perf_counter() - started:.1f} s")
    true, false = counts[True, True] + counts[True, False], counts[False, True] + counts[False, False]
    print(
        f"{profile}: {counts[True, False]} of {true} true variants accused, {counts[False, True]} of {false} false ones refuted"
        f", {below} more below the resolution"
    )
    return counts[True, False]


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1] if sys.argv[1:] else "quick", sys.argv[2:]) else 0)
