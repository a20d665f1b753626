"""Jinja for templates of other authors: a list says what they can use, and their steps are counted.

Nothing here uses a clock. Everything that a template does costs work: a turn of a loop, or a macro, costs as much as it
has parts, and reading a text or a list costs as much as its length. So no single step is long, and every template ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from itertools import chain
from types import NoneType
from typing import Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from seatwright.notifications.mail import sandbox_filters as own
from seatwright.notifications.mail.template_work import LETTERS, charge, check_length, weigh

CALL = 20
"""The cost of a call, in addition to the work that it does."""
MAX_SOURCE = 200_000
"""Largest template, in bytes."""

# fmt: off
_TEXT_METHODS = frozenset((
    "capitalize", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal",
    "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "partition",
    "removeprefix", "removesuffix", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "swapcase", "title", "upper",
))
"""Those whose results are no longer than three times the text."""
METHODS: dict[type, frozenset[str]] = {
    str: _TEXT_METHODS,
    Markup: _TEXT_METHODS,
    dict: frozenset(("get", "items", "keys", "values")),
    list: frozenset(("count", "index")),
    tuple: frozenset(("count", "index")),
    LoopContext: frozenset((
        "changed", "cycle", "depth", "depth0", "first", "index", "index0", "last", "length", "nextitem",
        "previtem", "revindex", "revindex0",
    )),
    BlockReference: frozenset(("super",)),
    Macro: frozenset(("name",)),
    Cycler: frozenset(("current", "next", "reset")),
}
"""The methods that a template may call on a value of each type."""
FILTERS = frozenset((
    "abs", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first", "float",
    "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min",
    "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort",
    "string", "sum", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount", "wordwrap",
))
"""Jinja's filters that may be used. A filter whose result may be longer than its input is replaced by one of
`sandbox_filters`.
"""
TESTS = frozenset((
    "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto", "even",
    "false", "float", "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower",
    "lt", "mapping", "ne", "none", "number", "odd", "sameas", "sequence", "string", "true", "undefined",
    "upper",
))
# fmt: on
GLOBALS: Mapping[str, Any] = {"range": own.some_range, "namespace": Namespace, "cycler": Cycler, "joiner": Joiner}

_PLAIN = (str, int, float, NoneType, list, tuple, dict, Undefined)
"""The types of values that can be written into a text."""


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment for templates of other authors. Rendering them raises `TooMuch`, `TooLong` and Jinja's errors."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self, **options: Any) -> None:
        super().__init__(finalize=_finalized, **options)
        # Jinja marks some of its own as usable in templates only; this removes the rest.
        known = {**self.filters, **own.FILTERS}
        self.filters = {name: _weighing(known[name]) for name in FILTERS}
        self.filters |= _INSERTED
        self.tests = {name: _weighing(self.tests[name]) for name in TESTS}
        self.globals = dict(GLOBALS)
        self.concat = _concatenated  # type: ignore[method-assign]

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(_Metering().visit(source), name, filename, defer_init)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Tell whether a template may use this attribute of an object."""
        if isinstance(obj, TemplateModule | Namespace):
            return not attr.startswith("_")
        return attr in METHODS.get(type(obj), ())

    def is_safe_callable(self, obj: Any) -> bool:
        """Tell whether a template may call this: its own macros, the functions that it was given, and the listed
        methods.
        """
        if isinstance(obj, Macro | BlockReference | LoopContext | Joiner):
            return True
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        return any(obj is given for given in self.globals.values()) or name in METHODS.get(type(owner), ())

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """There is no `format`, because its text decides how long the result is."""
        return None

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a part of a value."""
        weigh(argument)
        return super().getitem(obj, argument)

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        """Call a function from a template; its result may not be longer than the longest text."""
        charge(CALL)
        for value in chain(args, named.values()):
            weigh(value)
        owner = getattr(called, "__self__", None)
        if isinstance(owner, str):
            charge(len(owner))  # its parts are much larger than the text
            own.check_parts(args)
        else:
            weigh(owner)
        if isinstance(called, LoopContext) and args:
            args = (_turns(args[0], 1), *args[1:])
        return weigh(super().call(context, called, *args, **named))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers, and concatenate texts or lists."""
        if operator == "+" and not own.are_numbers(left, right):
            same = any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, list, tuple))
            if not same:
                raise SecurityError("only numbers, texts and lists can be added, each to its like")
            check_length(len(weigh(left)) + len(weigh(right)))
            return left + right
        if operator == "**" or not own.are_numbers(left, right):
            raise SecurityError(f"{operator} is for numbers alone, and there are no powers")
        charge(1)
        return own.bounded(super().call_binop(context, operator, left, right))


class _Metering(NodeTransformer):
    """Inserts the counting of work into a template, in places where the environment isn't called."""

    def visit_Template(self, node: nodes.Template) -> nodes.Node:  # noqa: N802 - Jinja's name
        return self._body(node)

    visit_Block = visit_Macro = visit_CallBlock = visit_Template

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        each = 1 + (0 if node.test is None else _size(node.test))
        self._body(node)
        node.iter = _filter(node.iter, "_turns", nodes.Const(each))
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.expr = _filter(node.expr, "_weigh")
        for operand in node.ops:
            operand.expr = _filter(operand.expr, "_weigh")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "_joined")

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _filter(node.node, "_part", *(bound or nodes.Const(None) for bound in bounds))

    def _body(self, node: Any) -> nodes.Node:
        size = _size(node)
        self.generic_visit(node)
        charged = _filter(nodes.Const(size, lineno=node.lineno), "_charge")
        node.body.insert(0, nodes.ExprStmt(charged, lineno=node.lineno))
        return node  # type: ignore[no-any-return]


def _size(node: nodes.Node) -> int:
    return 1 + sum(1 for _ in node.find_all(nodes.Node))


def _filter(value: Any, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(args), [], None, None, lineno=value.lineno)


def _weighing(function: Any) -> Callable[..., Any]:
    """Return a filter or test that is charged for the size of its arguments."""

    @wraps(function)  # with the marks of what it wants passed first
    def weighing(*args: Any, **named: Any) -> Any:
        for value in chain(args, named.values()):
            weigh(value)
        result = function(*args, **named)
        if isinstance(result, str):
            check_length(len(result))
        return own.bounded(result)

    return weighing


@pass_context  # so that none of these is computed beforehand
def _charged(_: Context, work: int) -> None:
    charge(work)


@pass_context
def _weighed(_: Context, value: Any) -> Any:
    return weigh(value)


@pass_context
def _turning(_: Context, values: Iterable[Any], each: int) -> Iterator[Any]:
    return _turns(values, each)


def _turns(values: Iterable[Any], each: int) -> Iterator[Any]:
    for value in values:
        charge(each)
        yield value


@pass_context
def _part(_: Context, value: Any, start: int | None, stop: int | None, step: int | None) -> Any:
    return weigh(value)[start:stop:step]


@pass_context
def _joined(context: Context, values: list[Any]) -> str:
    """Do what `~` does."""
    texts = [_finalized(value) for value in values]
    if context.eval_ctx.autoescape and any(hasattr(text, "__html__") for text in texts):
        return Markup("").join(texts)
    return "".join(map(str, texts))


def _finalized(value: Any) -> Any:
    """Return the value that is written. Raises `SecurityError` for a value that is not a text, number or list."""
    if not isinstance(value, _PLAIN):
        raise SecurityError(f"a {type(value).__name__} is nothing to write; `| list` makes a list of what is selected")
    return weigh(value)


def _concatenated(pieces: Iterable[str]) -> str:
    """Concatenate the output of a macro or a block."""
    parts, length = [], 0
    for piece in pieces:
        charge(1)
        length += len(piece)
        check_length(length)
        parts.append(piece)
    charge(length // LETTERS)
    return "".join(parts)


_INSERTED = {"_charge": _charged, "_weigh": _weighed, "_turns": _turning, "_part": _part, "_joined": _joined}
"""The functions that `_Metering` inserts into templates."""
