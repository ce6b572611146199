"""What the words of a report mean: one sentence a word."""

from __future__ import annotations

VERDICT_WORDS = {
    "PROVED": "every step of the derivation was checked by machine, or the finite domain exhausted exactly",
    "SURVIVED": "no instance tried excludes it; the resolution says how small an error would have been seen",
    "REFUTED": "the error bars of an instance exclude it",
    "WITNESSED": "an instance certifies that what is claimed exists",
    "MEASURED": "an estimate with its interval agrees with it",
    "UNDECIDED": "no instance excludes it, but the error bars were too wide to tell",
    "VACUOUS": "no instance satisfies the assumptions, or the relation holds of every value: nothing was tested",
}
METHOD_WORDS = {
    "symbolic": "proved by computer algebra",
    "exact": "proved by exhausting its domain",
    "certified": "proved by ball arithmetic over its box",
    "searched": "searched, not proved",
    "cited": "cited, not checked here",
}
