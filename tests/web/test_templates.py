"""Texts of templates are translated when a template is compiled, and read as Jinja's own gettext would have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale, get_translations
from jinja2 import Environment, nodes

from portal.core.paths import ROOT
from portal.webkit.templates import TranslatedEnvironment

VALUES = {"name": "<b>Eva</b>", "number": 3, "kind": "Abbrechen"}
SOURCES = (
    '{{ _("Abbrechen") }}',
    '{{ _("Der Import %(number)s ist angehalten.", number=number) }}',
    '{{ _("Hallo %(name)s &amp; 100 %%", name=name) }}',
    '{{ (_("Abbrechen") ~ name)|lower }}',
    '{% macro say(text) %}[{{ text }}]{% endmacro %}{{ say(_("Abbrechen")) }}',
    '{% if _("Abbrechen") == "Abbrechen" %}ja{% endif %}',
    "{{ _(kind) }}",
)


def plain_environment() -> Environment:
    """Jinja's own, which looks every text up when it is shown."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: get_translations().ugettext(text),
        lambda one, many, number: get_translations().ungettext(one, many, number),
        newstyle=True,
    )
    return environment


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("source", SOURCES)
def test_it_is_what_jinja_would_say(sqlite_app: Flask, source: str, language: str) -> None:
    environment = TranslatedEnvironment(
        sqlite_app, autoescape=True, loader=None, extensions=["jinja2.ext.i18n"]
    )
    environment.globals = plain_environment().globals
    environment.language = language
    with force_locale(language):
        said = plain_environment().from_string(source).render(VALUES)
        assert environment.from_string(source).render(VALUES) == said


def test_each_language_has_its_own(sqlite_app: Flask) -> None:
    said = set()
    for language in ("de", "en", "de"):
        with sqlite_app.test_request_context(), force_locale(language):
            said.add(sqlite_app.jinja_env.get_template("errors/page.html").environment.language)
            said.add(render_template_string('{{ _("Abbrechen") }}'))
    assert said == {"de", "en", "Abbrechen", "Cancel"}


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_no_constant_text_is_looked_up_when_shown(sqlite_app: Flask, path: Path) -> None:
    with force_locale("en"), sqlite_app.test_request_context():
        environment = sqlite_app.jinja_env.get_template("errors/page.html").environment
    source = path.read_text(encoding="utf-8")
    looked_up = any(_is_variable(call) for call in environment.parse(source).find_all(nodes.Call))
    compiled = environment.compile(source, raw=True)
    assert ("name='_'" in compiled) is looked_up


def _is_variable(call: nodes.Call) -> bool:
    """Whether the text is one that only the request knows."""
    return (
        isinstance(call.node, nodes.Name)
        and call.node.name == "_"
        and not isinstance(call.args[0], nodes.Const)
    )
