"""What a template of somebody else's can reach is listed, and nothing on the list takes long or much memory.

None of these tests looks at a clock: what a template does is counted (`template_work`), and its memory measured.
"""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from jinja2 import DictLoader, StrictUndefined, Template
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_NAMESPACE, DEFAULT_TESTS
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.utils import Cycler, Joiner
from markupsafe import Markup

from seatwright.notifications.mail import sandbox_filters
from seatwright.notifications.mail.sandbox import FILTERS, GLOBALS, METHODS, TESTS, Sandbox
from seatwright.notifications.mail.template_work import MAX_LENGTH, MAX_WORK, TooMuch, metered

WORK = MAX_WORK // 20
MEMORY = 64 * 1024 * 1024
"""Bytes that one rendering may take at most."""
FACTS: dict[str, Any] = {
    "name": "Ann Lee",
    "long": "a, " * 1_000,
    "number": 7,
    "items": [{"name": f"n{number}", "total": number} for number in range(60)],
    "text": "<b>Straße</b> & more",
}


def environment(source: str, **templates: str) -> Sandbox:
    """Return the sandbox with a template `own.html` of somebody else's, and others."""
    others = {name.replace("_", "."): text for name, text in templates.items()}
    return Sandbox(
        loader=DictLoader({"own.html": source, **others}),
        undefined=StrictUndefined,
        autoescape=lambda found: found is not None and found.endswith(".html"),
    )


def rendered(template: Template | str, work: float = WORK, **facts: Any) -> str:
    """Render a template."""
    with metered(work):
        found = environment(template).get_template("own.html") if isinstance(template, str) else template
        return "".join(found.generate(FACTS | facts))


def ends(template: Template | str, **facts: Any) -> Exception | str:
    """Render a template, which may fail, within bounds of memory and length; return what came of it."""
    tracemalloc.start()
    try:
        result: Exception | str = rendered(template, **facts)
    except Exception as error:  # the built-in template is used then
        result = error
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < MEMORY, template
    assert not isinstance(result, str) or len(result) <= MAX_LENGTH
    return result


GOOD = {
    "{{ name.split(' ')[0] }}, {{ name.upper() }} {{ name[:3] }}": "Ann, ANN LEE Ann",
    "{{ text }}|{{ text | safe }}": "&lt;b&gt;Straße&lt;/b&gt; &amp; more|<b>Straße</b> & more",
    "{{ 'a' ~ number ~ '<' }} {{ 2 + 3 * 4 - 1 }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 'a' + 'b' }}": "a7&lt; 13 3 1 ab",
    "{% for item in items if item.total > 57 %}{{ loop.index }}{{ item.name }} {% endfor %}": "1n58 2n59 ",
    "{{ items | map(attribute='name') | list | length }} {{ items | sum(attribute='total') }}": "60 1770",
    "{{ [3, 1, 2] | sort | join(', ') }} {{ [1, 2] | first }} {{ (items | last).name }}": "1, 2, 3 1 n59",
    "{{ items | selectattr('total', 'lt', 2) | map(attribute='name') | join(' ') }}": "n0 n1",
    "{{ 'one two three' | truncate(7) }} {{ 'x' | center(5) }}| {{ 1.256 | round(2) }}": "one...   x  | 1.26",
    "{{ 'a-b' | replace('-', '<') }} {{ '' | default('none', true) }} {{ ' x ' | trim }}": "a&lt;b none x",
    "{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(m('<')) }}": "[[&lt;]]",
    "{% set all %}{{ name }}!{% endset %}{{ all }}{{ all | length }}": "Ann Lee!8",
    "{% set ns = namespace(n=0) %}{% for i in range(5) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}": "10",
    "{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}": "a1",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}": "aba",
    "{% filter upper %}a{{ name }}{% endfilter %}": "AANN LEE",
    "{{ 'a\nb' | indent(2) }} {{ number is odd }} {{ name is defined }} {{ 'A' in name }}": "a\n  b True True True",
    "{% for x in [1, [2, [3]]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}": "123",
}


@pytest.mark.parametrize(("source", "expected"), GOOD.items())
def test_what_templates_are_for_works(source: str, expected: str) -> None:
    assert rendered(source) == expected


def test_templates_extend_import_and_include() -> None:
    source = (
        "{% extends 'base.html' %}{% import 'parts.html' as parts with context %}"
        "{% block body %}{{ super() }}{{ parts.greet(name) }}{% include 'more.html' %}{% endblock %}"
    )
    parts = "{% macro greet(name) %}Hello {{ name }}{% endmacro %}"
    base = "<{% block body %}-{% endblock %}>{{ self.body() }}"
    more = "{% if number %}, {{ number }}{% endif %}"
    body = "-Hello Ann Lee, 7"
    own = environment(source, base_html=base, parts_html=parts, more_html=more).get_template("own.html")
    assert rendered(own) == f"<{body}>{body}"


GIANTS = (
    "{{ '%999999999d' | format(1) }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ '{0:{1}}'.format(1, 999999999) }}",
    "{{ '{x:>999999999}'.format_map({'x': 1}) }}",
    "{{ ('{:>999999999}' | safe).format(1) }}",
    "{{ 'x'.ljust(999999999) }}{{ 'x'.rjust(999999999) }}{{ 'x'.center(999999999) }}{{ 'x'.zfill(999999999) }}",
    "{{ '\t'.expandtabs(999999999) }}",
    "{{ 'x'.join(range(9999) | map('string')) }}",
    "{{ 'x' * 999999999 }}",
    "{{ 999999999 * 'x' }}",
    "{{ [1] * 999999999 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 999999999999999999 * 999999999999999999 }}",
    "{{ (7).to_bytes(999999999, 'big') }}",
    "{{ range(999999999) | list }}",
    "{{ range(10) | batch(999999999, 'x') | list }}",
    "{{ range(10) | slice(999999999) | list }}",
    "{{ lipsum(n=999999999) }}",
    "{{ long | wordwrap(1) }}",
    "{{ items | groupby(1, long * 9) | list }}{{ range(9999) | groupby(1, default=long) | list }}",
    "{{ long.replace(', ', '') | wordwrap(20) }}",
    "{{ long | indent(999999999) }}",
    "{{ 'x' | center(999999999) }}",
    "{{ 7 | round(999999999, 'ceil') }}",
    "{{ long | list | join(long) }}",
    "{{ (long ~ long) | replace('a', long) }}",
    "{{ ('1' ~ '0' * 999999) | int }}",
    "{{ long | trim(long) }}",
    "{{ long.strip(long) }}{{ long.rfind(long[1:]) }}",
    "{{ [[1], [2]] | sum(start=[]) }}",
    "{{ dict(long) }}",
    "{{ items | pprint }}{{ items | tojson }}{{ long | urlize }}{{ long | striptags }}",
    "{{ range }}",
    "{{ items | map('upper') }}",
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = {1: ns.x, 2: ns.x} %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}"
    "{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
    "{% set ns = namespace(x=1) %}{% set ns.x = ns %}{{ ns.x | string }}",
    "{% set ns = namespace(x=7) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "{% set ns = namespace(x='ß') %}{% for i in range(99) %}{% set ns.x = (ns.x ~ ns.x) | urlencode %}{% endfor %}",
    "{% set ns = namespace(x='&') %}{% for i in range(99) %}{% set ns.x = (ns.x | string | e) ~ ns.x %}{% endfor %}",
    "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}{% set ns = namespace(x='a') %}"
    "{% for i in range(99) %}{% set ns.x = m(ns.x) %}{% endfor %}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% macro m() %}{% for i in range(9999) %}{{ long }}{% endfor %}{% endmacro %}{{ m() }}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% for a in long %}{% for b in long if false %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{{ long }}{% endfor %}",
    "{% for a in range(9999) %}{% set x = long ~ a %}{% endfor %}",
    "{% for a in range(9999) %}{% set x = long[1:] %}{% endfor %}",
    "{% for a in range(9999) %}{% set x = 'b' in long %}{% endfor %}",
    "{% for a in range(9999) %}{% set x = long.split(',') %}{% endfor %}",
    "{% for a in range(9999) %}{% set x = long is upper %}{% endfor %}",
    "{% for a in range(9999) %}{% set x = {long: 1}[long ~ a] | default(1) %}{% endfor %}",
    "{% for a in 'a' recursive %}{% if loop.depth < 9 %}{{ loop('12345678') }}{% endif %}{% endfor %}",
    "{% include 'own.html' %}{% include 'own.html' %}",
)
"""Each would take seconds, gigabytes, or for ever."""


@pytest.mark.parametrize("source", GIANTS)
def test_nothing_grows_beyond_bounds(source: str) -> None:
    assert isinstance(ends(source), Exception), "it is refused, or ended"


def test_the_counting_is_what_ends_them() -> None:
    """Negative control: without it, what is ended above goes on as long as it says."""
    source = "{% for a in range(900) %}{% for b in range(900) %}{% endfor %}{% endfor %}done"
    assert isinstance(ends(source), TooMuch)
    assert rendered(source, work=1e12) == "done"


def test_every_filter_test_and_global_of_jinjas_is_listed_or_refused() -> None:
    for name in DEFAULT_FILTERS:
        if name not in FILTERS:
            assert isinstance(ends(f"{{{{ 'x' | {name} }}}}"), TemplateError), name
    for name in DEFAULT_TESTS:
        if name not in TESTS:
            assert isinstance(ends(f"{{{{ 'x' is {name} }}}}"), TemplateError), name
    for name in DEFAULT_NAMESPACE:
        if name not in GLOBALS:
            assert isinstance(ends(f"{{{{ {name}() }}}}"), TemplateError), name
    own = Sandbox()
    assert {name for name in own.filters if not name.startswith("_")} == FILTERS <= {*DEFAULT_FILTERS}
    assert {*own.tests} == TESTS <= {*DEFAULT_TESTS}
    assert own.globals.keys() == GLOBALS.keys() <= {*DEFAULT_NAMESPACE}
    assert sandbox_filters.FILTERS.keys() <= FILTERS


def test_every_method_and_attribute_is_listed_or_refused() -> None:
    own = Sandbox()
    values: list[Any] = ["x", Markup("x"), {"a": 1}, [1], (1,), 1, 1.5, True, None, range(3), b"x", iter(())]
    values += [(number for number in ()), lambda: None, str, Joiner(), Cycler("a"), own]
    for value in values:
        for name in dir(value):
            allowed = name in METHODS.get(type(value), ())
            assert own.is_safe_attribute(value, name, getattr(value, name, None)) == allowed, (value, name)
            method = getattr(value, name, None)
            if callable(method) and not name.startswith("__"):
                assert own.is_safe_callable(method) == allowed, (value, name)
    for kind in (LoopContext, BlockReference, Macro):
        assert not any(name.startswith("_") for name in METHODS[kind])
    assert {*METHODS} == {str, Markup, dict, list, tuple, LoopContext, BlockReference, Macro, Cycler}


def values() -> list[Any]:
    """Values that something may be done to, most of which are too large for it."""
    names = (item["name"] for item in FACTS["items"])
    return [FACTS["long"], Markup(FACTS["long"]), FACTS["items"], range(2_000), names, [[1], [2]], {"a": [1]}, 10**9]


ARGUMENTS = (FACTS["long"], FACTS["items"], 10**9, 1e308, "a", -7, None)


def bounded(expression: str) -> None:
    """See that an expression of `value` and `argument` is bounded with whatever these are."""
    template = environment(f"{{{{ {expression} }}}}").get_template("own.html")
    for number in range(len(values())):
        for argument in ARGUMENTS:
            ends(template, value=values()[number], argument=argument)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter_on_the_list_has_bounds(name: str) -> None:
    for arguments in ("argument", "'name', argument"):
        bounded(f"value | {name}({arguments}) | list")


@pytest.mark.parametrize("name", sorted(TESTS - {"!=", "<", "<=", "==", ">", ">="}))
def test_every_test_on_the_list_has_bounds(name: str) -> None:
    bounded(f"value is {name}(argument)")


@pytest.mark.parametrize("name", sorted(METHODS[str]))
def test_every_method_of_texts_on_the_list_has_bounds(name: str) -> None:
    for arguments in ("argument", "'a', argument"):
        bounded(f"value.{name}({arguments})")


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in"])
def test_every_operator_has_bounds(operator: str) -> None:
    bounded(f"value {operator} argument")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name.format.__self__ }}",
        "{{ items.append(1) }}",
        "{{ items[0].update({}) }}",
        "{{ items[0].__init__ }}",
        "{{ self.__dict__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ (items | map('upper')).gi_frame }}",
        "{{ namespace.__init__ }}",
        "{% macro m() %}{% endmacro %}{{ m._func }}{{ m.name.x }}",
        "{{ 'x' | attr('__class__') }}",
        "{{ (items | map(attribute='__class__') | first).x }}",
    ],
)
def test_a_template_has_no_way_out_of_the_sandbox(source: str) -> None:
    assert isinstance(ends(source), SecurityError | TemplateError), source
