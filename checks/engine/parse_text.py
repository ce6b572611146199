"""Characters into tokens: the whole alphabet of typed relations, before Python's parser sees any of it.

Every name and number becomes a placeholder (``v0``, ``v1``, …), so that what is handed to `ast` is plain ASCII without
strings, keywords, digits or attributes, of bounded length and bounded nesting.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from dataclasses import dataclass, field

from .parse_error import ParseError, quoted

LENGTH = 5_000
BRACKETS = 120  # fewer than Python's own parser bears

_NUMBER = re.compile(r"(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_OPERATORS = ("**", "==", "!=", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "&", "|", "~", "(", ")", ",")
_SAME = {
    "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=", "−": "-", "·": "*", "⋅": "*", "×": "*",
    "∧": "and", "∨": "or", "¬": "not",
}  # fmt: skip
_WORDS = ("and", "or", "not")
_MISTAKES = {
    "===": "write = or ==", "=>": "write >= for at least, Implies(a, b) for a consequence", "=<": "write <=", "<>": "write !=",
    "->": "write Implies(a, b)", "<<": "relations have no shifts", ">>": "relations have no shifts", ":=": "write =",
    "//": "write floor(a/b)", "***": "write ** for a power", "&&": "write & or and", "||": "write | or or, abs(x) for a modulus",
    "++": "write one +", "...": "write the relation out",
}  # fmt: skip
_REFUSED = {
    "'": "text has no place in a relation", '"': "text has no place in a relation", "`": "names need no quotation marks",
    "#": "leave comments out", "\\": "write one line without backslashes", "@": "write * for a product",
    "[": "use round brackets", "]": "use round brackets", "{": "use round brackets", "}": "use round brackets",
    ";": "join relations with and", ":": "write one relation, without ':'", "!": "write factorial(n), != or not",
    "^": "write ** for a power", "%": "write a - b*floor(a/b) for a remainder", "$": "write plain formulas, not TeX",
    "?": "write the relation as a statement", ".": "names have no parts and numbers have digits beside their point",
    "÷": "write /", "–": "write -", "—": "write -", "‘": "leave quotation marks out", "’": "leave quotation marks out",
    "“": "leave quotation marks out", "”": "leave quotation marks out", "√": "write sqrt(x)", "∞": "relations speak of finite numbers", "∑": "write Sum(term, (k, low, high))",
    "∏": "write Product(term, (k, low, high))", "±": "write two relations", "≈": "write a bound, such as abs(a - b) <= c",
    "→": "write Implies(a, b)", "⇒": "write Implies(a, b)", "⇔": "write Equivalent(a, b)", "↔": "write Equivalent(a, b)",
}  # fmt: skip
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ"
_FOREIGN = {
    "lambda", "if", "else", "for", "in", "is", "True", "False", "None", "await", "async", "yield", "def", "class", "import",
    "from", "as", "assert", "break", "continue", "del", "elif", "except", "finally", "global", "nonlocal", "pass", "raise",
    "return", "try", "while", "with",
}  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """A name or a number as it was typed."""

    kind: str
    text: str


@dataclass
class Tokens:
    """The text for `ast`, its leaves, and where each piece stood in what was typed."""

    typed: str
    leaves: list[Leaf] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0

    @property
    def source(self) -> str:
        """What `ast` is to parse."""
        return " ".join(self.pieces)

    def add(self, piece: str, start: int, stop: int) -> None:
        """Append a piece that was typed from ``start`` to ``stop``."""
        self.pieces.append(piece)
        self.starts.append(self.length)
        self.spans.append((start, stop))
        self.length += len(piece) + 1

    def add_leaf(self, leaf: Leaf, start: int, stop: int) -> None:
        """Append a name or a number."""
        self.add(f"v{len(self.leaves)}", start, stop)
        self.leaves.append(leaf)

    def between(self, start: int, stop: int) -> str:
        """What was typed for the columns from ``start`` to ``stop`` of the source."""
        first = max(bisect.bisect_right(self.starts, start) - 1, 0)
        last = max(bisect.bisect_left(self.starts, stop) - 1, first)
        return self.typed[self.spans[first][0] : self.spans[last][1]]


def tokenize(text: str, known: frozenset[str]) -> Tokens:
    """The tokens of a typed relation.

    ``known`` are the names that mean something in this theorem, Python's own words among them.  Raises `ParseError` for
    whatever is not of the alphabet, for two values beside each other, for a missing one, and for brackets that do not match.
    """
    if len(text) > LENGTH:
        raise ParseError(f"a relation of {len(text)} characters", f"at most {LENGTH}", "shorten it")
    tokens, order, at = Tokens(text), _Order(), 0
    while at < len(text):
        character = text[at]
        if character in "\t\r\n" or unicodedata.category(character) == "Zs":
            at += 1
            continue
        number = _NUMBER.match(text, at)
        if number:
            stop = number.end()
            _unspoilt(text, at, stop)
            order.value(text[at:stop])
            tokens.add_leaf(Leaf("number", text[at:stop]), at, stop)
        elif character.isidentifier():
            stop = at + 1
            while stop < len(text) and ("a" + text[stop]).isidentifier():
                stop += 1
            word = text[at:stop]
            if word in _WORDS and word not in known:
                _operator(tokens, order, word, at, stop)
            else:
                _foreign(word, known)
                order.value(word, name=True)
                tokens.add_leaf(Leaf("name", word), at, stop)
        else:
            stop = _symbol(tokens, order, text, at)
        at = stop
    order.end()
    return tokens


def _symbol(tokens: Tokens, order: _Order, text: str, at: int) -> int:
    for mistake, remedy in _MISTAKES.items():
        if text.startswith(mistake, at):
            raise ParseError(quoted(mistake), "an operator of the list + - * / ** = != < <= > >= & | ~", remedy)
    found = _SAME.get(text[at])
    stop = at + 1
    if found is None:
        found = next((o for o in _OPERATORS if text.startswith(o, at)), None)
        if found is None:
            raise _strange(text[at])
        stop = at + len(found)
    _operator(tokens, order, "==" if found == "=" else found, at, stop)
    return stop


def _operator(tokens: Tokens, order: _Order, operator: str, at: int, stop: int) -> None:
    order.operator(operator, tokens.typed[at:stop])
    tokens.add(operator, at, stop)


def _strange(character: str) -> ParseError:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "") or "a character without a name"
    said = f"the character {quoted(character)}" if character.isascii() else f"the character {code} ({name})"
    if character in _SUPERSCRIPTS:
        return ParseError(said, "a power", "write ** for a power, as in x**2")
    plain = unicodedata.normalize("NFKC", character)
    remedy = (
        f"write {quoted(plain)}" if plain != character and plain.isascii() and plain.isprintable() else "leave it out"
    )
    return ParseError(said, "names, numbers, + - * / **, comparisons and brackets", _REFUSED.get(character, remedy))


def _foreign(word: str, known: frozenset[str]) -> None:
    """Python's words, which are no names unless the theorem has one of them."""
    if word in _FOREIGN and word not in known:
        remedy = (
            "write a relation, such as a = b" if word in ("True", "False", "None") else "write a formula, not a program"
        )
        if word == "lambda":
            remedy = "write a formula, not a program; a quantity of the theorem is often called lam"
        raise ParseError(f"the word {quoted(word)}", "names, numbers and the words and, or, not", remedy)


def _unspoilt(text: str, at: int, stop: int) -> None:
    """A number is followed by no letter: 2x, 0x1F, 3j and 1_ are refused by what they look like."""
    if stop < len(text) and (text[stop].isidentifier() or text[stop].isdigit()):
        end = stop
        while end < len(text) and ("a" + text[end]).isidentifier():
            end += 1
        number, rest = text[at:stop], text[stop:end] or text[stop]
        raise ParseError(
            quoted(number + rest), "an operator between a number and a name", f"write {quoted(f'{number}*{rest}')} if that is meant; numbers are real and decimal"
        )  # fmt: skip


class _Order:
    """Whether values and operators alternate, brackets match, and nothing nests too deep."""

    def __init__(self) -> None:
        self.wants, self.before, self.callable = True, "", False
        self.open: list[list[int]] = [[0, 0]]  # prefixes in a row and powers in a row, for each open bracket
        self.nested = 0

    def value(self, word: str, name: bool = False) -> None:
        if not self.wants:
            raise self._misplaced(word)
        self.wants, self.before, self.callable = False, word, name

    def operator(self, operator: str, typed: str) -> None:
        if operator == "(":
            if not self.wants and not self.callable:
                raise self._misplaced("(")
            self._deeper(1)
            self.open.append([0, 0])
            self.wants = True
        elif operator == ")":
            if len(self.open) == 1:
                raise ParseError("a ')' that closes nothing", "as many '(' as ')'", "count the brackets")
            if self.wants:
                raise ParseError(f"')' after {quoted(self.before)}", "a name, a number or '(' before it", "fill it in")
            self.nested -= 1 + sum(self.open.pop())
            self.wants, self.callable = False, False
        elif self.wants:
            if operator not in ("+", "-", "~", "not"):
                where = f" after {quoted(self.before)}" if self.before else " at the beginning"
                raise ParseError(f"{quoted(typed)}{where}", "a name, a number or '('", "fill in what is missing")
            self.open[-1][0] += 1
            self._deeper(1)
        elif operator in ("~", "not"):
            raise self._misplaced(typed)
        else:
            self._binary(operator)
        self.before = typed

    def _binary(self, operator: str) -> None:
        if operator == "**":
            self.open[-1][1] += 1
            self._deeper(1)
        else:
            self.nested -= sum(self.open[-1])
            self.open[-1] = [0, 0]
        self.wants, self.callable = True, False

    def _deeper(self, by: int) -> None:
        self.nested += by
        if self.nested > BRACKETS:
            raise ParseError(
                f"brackets, signs or powers more than {BRACKETS} deep", f"at most {BRACKETS}", "write it with fewer"
            )

    def _misplaced(self, word: str) -> ParseError:
        remedy = "join two relations with and, or" if word in ("not", "~", "¬") else "write * for a product"
        return ParseError(f"{quoted(word)} right after {quoted(self.before)}", "an operator between them", remedy)

    def end(self) -> None:
        if len(self.open) > 1:
            raise ParseError(
                f"{len(self.open) - 1} '(' that nothing closes", "as many '(' as ')'", "count the brackets"
            )
        if self.wants:
            got = f"nothing after {quoted(self.before)}" if self.before else "nothing"
            raise ParseError(got, "a relation", "write one, such as a = 2*b")
