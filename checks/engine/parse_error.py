"""What is said when a typed relation is not understood."""

from __future__ import annotations

SHOWN = 60


class ParseError(ValueError):
    """A relation that is not understood, in one line: what was got, what was expected, what to do.

    ``details`` may hold a longer list, such as the theorem's observables with their meanings.
    """

    def __init__(self, got: str, expected: str, remedy: str, details: str = "") -> None:
        super().__init__(f"got {got}; expected {expected}; {remedy}")
        self.got, self.expected, self.remedy, self.details = got, expected, remedy, details


def shown(text: str, limit: int = SHOWN) -> str:
    """What somebody typed, fit for one line of a message: shortened, and nothing in it moves a cursor."""
    if len(text) > limit:
        text = f"{text[: 2 * limit // 3]}…{text[-(limit // 3) :]}"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def quoted(text: str, limit: int = SHOWN) -> str:
    """The same between quotation marks."""
    mark = '"' if "'" in text[:limit] else "'"
    return f"{mark}{shown(text, limit)}{mark}"
