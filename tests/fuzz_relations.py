"""Coverage-guided fuzzing of the parser of typed relations, run by hand where `atheris` is installed (it is no dependency).

    python -m tests.fuzz_relations SECONDS [CORPUS_DIRECTORY]

Every input is refused in one printable line or is a relation that compiles, prints, reads back and is judged as before; parsing
takes less than a second, and the interpreter neither runs, opens nor imports anything meanwhile.  Findings are printed and counted.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path

from tests.hostile_relations import REFUSED
from tests.meant_relations import MEANT, THEOREM

MODULES = [f"checks.engine.{name}" for name in ("parse", "parse_error", "parse_names", "parse_terms", "parse_text")]
LONGEST = 600
SECONDS = 1.0
_WATCHED = ("exec", "open", "import", "os.", "subprocess.", "socket.", "ctypes.")
_DECIDED = {"violated", "consistent", "silent"}


def check(text: str) -> float:
    """Parse one text and hold the outcome to what is promised; returns the seconds that parsing took."""
    import sympy
    from flint import fmpq

    from checks.engine.judge import compile_claim
    from checks.engine.parse import ParseError, parse
    from checks.engine.parse_text import LENGTH

    _seen.clear()
    started = time.process_time()
    try:
        relation = parse(text, THEOREM, ["c"])
    except ParseError as problem:
        seconds, said = time.process_time() - started, str(problem)
        assert said.isprintable() and len(said) < 400, said
        assert not _seen, _seen
        return seconds
    seconds = time.process_time() - started
    assert not _seen, _seen
    assert seconds < SECONDS, seconds
    judge, printed = compile_claim(relation), sympy.sstr(relation)
    if len(printed) > LENGTH:
        return seconds
    again = parse(printed, THEOREM, ["c"])
    if again != relation and not relation.has(sympy.Sum, sympy.Product):
        for k in range(3):
            row = {
                o.name: (k + len(o.name)) % 2 == 0 if o.domain == "boolean" else fmpq(k, 1 + (len(o.name) + k) % 2)
                for o in THEOREM.observables
            }
            row["c"] = fmpq(2 * k + 1, 3)
            before, after = judge(row).status, compile_claim(again)(row).status
            assert before == after or not {before, after} <= _DECIDED, (printed, sympy.sstr(again), row)
    return seconds


_seen: list[str] = []


def main(seconds: int, corpus: str) -> None:
    """Fuzz for so long."""
    import atheris

    with atheris.instrument_imports(include=MODULES):
        import checks.engine.parse
    del checks
    warnings.simplefilter("error")
    worst, findings, count = [0.0], set(), [0]
    for text, _ in (*REFUSED.values(), *MEANT.values()):
        if len(text) <= LONGEST:
            check(text)
            data = text.encode("utf-8", "surrogatepass")
            (Path(corpus) / f"{abs(hash(data)):x}").write_bytes(data)
    sys.addaudithook(lambda event, _: _seen.append(event) if event.startswith(_WATCHED) else None)

    def one(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        count[0] += 1
        try:
            taken = check(text)
        except Exception as problem:  # noqa: BLE001  a fuzzer's finding is any error at all
            said = f"{type(problem).__name__}: {problem}"
            if said[:60] not in findings:
                findings.add(said[:60])
                print(f"FINDING {len(findings)} {text!r}\n    {said[:400]}", file=sys.stderr, flush=True)
            return
        if taken > worst[0]:
            worst[0] = taken
            print(f"SLOWEST after {count[0]}: {taken:.4f} s {text[:300]!r}", file=sys.stderr, flush=True)

    with tempfile.NamedTemporaryFile("w", suffix=".dict", delete=False) as dictionary:
        dictionary.writelines(f'"{word}"\n' for word in WORDS)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        "-print_final_stats=1",
        "-seed=1",
        f"-dict={dictionary.name}",
    ]
    atheris.Setup([sys.argv[0], *options, corpus], one)
    atheris.Fuzz()


WORDS = (
    "sigma", "sigma_dot", "lam", "gamma", "ok", "also", "Sum(", "Product(", "(k, 0, N)", "Implies(", "Equivalent(", "And(", "Or(",
    "Not(", "Eq(", "Ne(", " and ", " or ", " not ", "**", "<=", ">=", "!=", "==", "1/", "sqrt(", "exp(", "log(", "Max(", "Min(",
    "binomial(", "factorial(", "floor(", "ceiling(", "sign(", "Abs(", "erf(", "acosh(", "pi", "E", "0.1", "1e9", "**-1", "c",
)  # fmt: skip

if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp())
