"""Relations that people type: a whitelist over Python's `ast`; no text is ever run.

The language: numbers (decimals are exact: 0.1 is 1/10); the theorem's observables and declared unknowns by name, Greek letters
too; + - * / ** and brackets; comparisons, of which = and == are one; chains such as 0 <= a < b; and, or, not (or & | ~ around
bracketed relations); the judge's functions and pi, E; Eq, Ne, Le, Lt, Ge, Gt, And, Or, Not, Implies, Equivalent,
Sum(term, (k, low, high)) and Product.  What `theorem-audit show` prints of claims can be typed back.
A name that is not called is the observable of that name even if a function has it too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy.logic.boolalg import Boolean

from theorems.statement import Eq, Ge, Gt, Le, Lt, Ne, Not, Observable, Theorem

from . import parse_terms as terms
from .evaluate import MAX_TERMS
from .parse_error import ParseError, quoted
from .parse_names import RELATIONS, SERIES, TERMS, Scope, is_boolean
from .parse_text import BRACKETS, Tokens, tokenize

__all__ = ["ParseError", "parse"]

NESTING = 40
_COMPARISONS: dict[type, Callable[..., Boolean]] = {
    ast.Eq: Eq, ast.NotEq: Ne, ast.LtE: Le, ast.Lt: Lt, ast.GtE: Ge, ast.Gt: Gt,
}  # fmt: skip
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_LOGIC = {ast.BitAnd: sympy.And, ast.BitOr: sympy.Or, ast.And: sympy.And, ast.Or: sympy.Or}


def parse(text: str, theorem: Theorem | Sequence[Observable], unknowns: Sequence[str] = ()) -> Boolean:
    """The relation that was typed, over the theorem's observables (or those listed); unknowns become bare symbols.

    Raises `ParseError`, one line, for anything that is not a relation of this language.
    """
    if not isinstance(text, str):
        raise ParseError(f"a {type(text).__name__}", "text", "hand in the relation as it is typed")
    scope = Scope(theorem, unknowns)
    tokens = tokenize(text, scope.words)
    try:
        tree = ast.parse(tokens.source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ParseError(
            quoted(text), "a relation", "put brackets around what not, ~ or a comparison applies to"
        ) from None
    relation = _Reader(tokens).relation(tree, scope, 0)
    if _depth(relation) > NESTING:
        raise _too_deep(NESTING)
    return relation


class _Reader:
    """Walks the tree: `relation` where something true or false is expected, `number` where a number is."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def typed(self, node: ast.expr) -> str:
        """What was typed for a node, shortened."""
        return quoted(self.tokens.between(node.col_offset, node.end_col_offset or node.col_offset))

    def name(self, node: ast.expr) -> str:
        """The name at a leaf, or nothing."""
        if not isinstance(node, ast.Name):
            return ""
        leaf = self.tokens.leaves[int(node.id[1:])]
        return leaf.text if leaf.kind == "name" else ""

    # relations

    def relation(self, node: ast.expr, scope: Scope, depth: int) -> Boolean:
        """The relation at a node."""
        depth = self._deeper(depth)
        if isinstance(node, ast.Compare):
            return self._comparison(node, scope, depth)
        if isinstance(node, ast.BoolOp):
            return _join(_LOGIC[type(node.op)], [self.relation(part, scope, depth) for part in node.values])
        if isinstance(node, ast.BinOp) and type(node.op) in _LOGIC:
            parts = _chain(node, type(node.op))
            return _join(_LOGIC[type(node.op)], [self.relation(part, scope, depth) for part in parts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert)):
            return Not(self.relation(node.operand, scope, depth))
        if isinstance(node, ast.Call) and self.name(node.func) in RELATIONS:
            return self._relation_call(node, scope, depth)
        if isinstance(node, ast.Tuple):
            raise ParseError(f"the list {self.typed(node)}", "one relation", "join them with and")
        found = self.number(node, scope, depth, boolean=True)
        if is_boolean(found):
            return found
        raise ParseError(
            f"the number {self.typed(node)}", "a relation", "compare it with something, as in a = b or a <= b"
        )

    def _comparison(self, node: ast.Compare, scope: Scope, depth: int) -> Boolean:
        sides = [self._side(side, scope, depth) for side in (node.left, *node.comparators)]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return _join(sympy.And, [_COMPARISONS[type(op)](left, right) for op, left, right in pairs])

    def _side(self, node: ast.expr, scope: Scope, depth: int) -> Any:
        if isinstance(node, ast.BinOp) and type(node.op) in _LOGIC:
            raise ParseError(
                f"{self.typed(node)} as one side of a comparison", "numbers on both sides",
                "& and | bind tighter than =: put each comparison in brackets, or write and, or",
            )  # fmt: skip
        return self.number(node, scope, depth)

    def _relation_call(self, node: ast.Call, scope: Scope, depth: int) -> Boolean:
        name = self.name(node.func)
        if name in ("And", "Or"):
            self._arity(node, name, 1, 1000)
            return _join(RELATIONS[name], [self.relation(a, scope, depth) for a in node.args])
        if name == "Not":
            self._arity(node, name, 1, 1)
            return Not(self.relation(node.args[0], scope, depth))
        if name in ("Implies", "Equivalent"):
            self._arity(node, name, 2, 2 if name == "Implies" else 4)
            parts = [self.relation(a, scope, depth) for a in node.args]
            made = RELATIONS[name](*parts)
            if len(getattr(made, "args", ())) != len(parts):
                raise ParseError(self.typed(node), "relations that differ", "write each of them once")
            return made
        self._arity(node, name, 2, 2)
        left, right = (self._side(a, scope, depth) for a in node.args)
        return RELATIONS[name](left, right)

    # numbers

    def number(self, node: ast.expr, scope: Scope, depth: int, boolean: bool = False) -> Any:
        """The number at a node; a boolean observable only where ``boolean`` allows it."""
        depth = self._deeper(depth)
        if isinstance(node, ast.Name):
            return self._leaf(node, scope, boolean)
        if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
            return self._arithmetic(node, scope, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.number(node.operand, scope, depth)
            return terms.negative(inner) if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.Call) and self.name(node.func) not in RELATIONS:
            return self._call(node, scope, depth)
        what, remedy = "relation", "join relations with and, or, Implies or Equivalent"
        if isinstance(node, ast.Tuple):
            what, remedy = "list", "write one number"
        elif isinstance(node, ast.UnaryOp):
            remedy = "negate a whole relation, as in not (a = b)"
        raise ParseError(f"the {what} {self.typed(node)} in place of a number", "a number", remedy)

    def _leaf(self, node: ast.Name, scope: Scope, boolean: bool) -> Any:
        leaf = self.tokens.leaves[int(node.id[1:])]
        if leaf.kind == "number":
            return terms.number(leaf.text)
        found = scope.symbol(leaf.text)
        if is_boolean(found) and not boolean:
            raise ParseError(
                f"{quoted(leaf.text)}, which is true or false, in place of a number", "a number",
                "write it alone, with not before it, or in Implies(…) and Equivalent(…)",
            )  # fmt: skip
        return found

    def _arithmetic(self, node: ast.BinOp, scope: Scope, depth: int) -> Any:
        if isinstance(node.op, ast.Pow):
            return terms.power(self.number(node.left, scope, depth), self.number(node.right, scope, depth))
        sums = isinstance(node.op, (ast.Add, ast.Sub))
        parts: list[tuple[ast.operator, ast.expr]] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp) and isinstance(
            first.op, (ast.Add, ast.Sub) if sums else (ast.Mult, ast.Div)
        ):
            parts.append((first.op, first.right))
            first = first.left
        made = [self.number(first, scope, depth)]
        for op, part in reversed(parts):
            value = self.number(part, scope, depth)
            if isinstance(op, ast.Div):
                made += terms.reciprocals(value)
            else:
                made.append(terms.negative(value) if isinstance(op, ast.Sub) else value)
        return terms.total(made) if sums else terms.product(made)

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> Any:
        name = self.name(node.func)
        if not name:
            raise ParseError(f"{self.typed(node)}", "an operator before the bracket", "write * for a product")
        function = scope.function(name)
        if name in SERIES:
            return self._series(node, function, scope, depth)
        if function in (sympy.Max, sympy.Min):
            self._arity(node, name, 1, 1000)
        else:
            self._arity(node, name, *((2, 2) if function is sympy.binomial else (1, 1)))
        arguments = [self.number(a, scope, depth) for a in node.args]
        if name == "sqrt":
            return terms.power(arguments[0], sympy.Rational(1, 2))
        return terms.call(TERMS[name], arguments)

    def _series(self, node: ast.Call, function: Any, scope: Scope, depth: int) -> Any:
        self._arity(node, self.name(node.func), 2, 4)
        limits: list[tuple[Any, Any, Any]] = []
        for limit in reversed(node.args[1:]):  # the last one is the outermost
            name = self.name(limit.elts[0]) if isinstance(limit, ast.Tuple) and len(limit.elts) == 3 else ""
            if not isinstance(limit, ast.Tuple) or not name or name.startswith("_"):
                raise ParseError(self.typed(limit), "the range of an index", "write (k, low, high)")
            low, high = (self.number(bound, scope, depth) for bound in limit.elts[1:])
            index = sympy.Symbol(name)
            limits.insert(0, (index, low, high))
            scope = scope.with_index(index, self._terms(limit, low, high))
            if scope.terms > MAX_TERMS:
                raise ParseError(self.typed(node), f"at most {MAX_TERMS} terms", "shorten the range")
        return function(self.number(node.args[0], scope, depth), *limits)

    def _terms(self, node: ast.expr, low: Any, high: Any) -> int:
        """How many terms a range surely has."""
        for bound in (low, high):
            if bound.is_number and not bound.is_Integer:
                raise ParseError(self.typed(node), "whole numbers as limits", "sum over whole numbers")
        return max(int(high - low) + 1, 1) if low.is_Integer and high.is_Integer else 1

    def _arity(self, node: ast.Call, name: str, least: int, most: int) -> None:
        if not least <= len(node.args) <= most:
            count = f"{least}" if least == most else f"at least {least}" if most > 4 else f"{least} to {most}"
            raise ParseError(
                f"{len(node.args)} argument{'s' * (len(node.args) != 1)} of {quoted(name)}", count, "write log(x)/log(b) for a base b" if name in ("log", "ln") else f"see {self.typed(node)}"
            )  # fmt: skip

    def _deeper(self, depth: int) -> int:
        if depth > BRACKETS:
            raise _too_deep(BRACKETS)
        return depth + 1


def _too_deep(limit: int) -> ParseError:
    return ParseError(f"a relation nested more than {limit} deep", f"at most {limit}", "split it into several")


def _depth(expression: Any) -> int:
    """How deep a tree is, by levels: what walks it later, printing and judging, does so recursively."""
    level, depth = {expression}, 0
    while level:
        level, depth = {part for e in level for part in e.args}, depth + 1
    return depth


def _chain(node: ast.BinOp, kind: type) -> list[ast.expr]:
    parts: list[ast.expr] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp) and isinstance(first.op, kind):
        parts.append(first.right)
        first = first.left
    return [first, *reversed(parts)]


def _join(kind: Any, parts: list[Boolean]) -> Boolean:
    """And or Or of the parts as they are; sympy would turn "a < b and a >= b" into false without a word."""
    kind = {"And": sympy.And, "Or": sympy.Or}.get(getattr(kind, "__name__", ""), kind)
    flat = frozenset(p for part in parts for p in (part.args if isinstance(part, kind) else (part,)))
    if len(flat) == 1:
        return next(iter(flat))
    made = sympy.Basic.__new__(kind, *sympy.ordered(flat))
    made._argset = flat
    return made
