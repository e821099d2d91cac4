"""Templates compiled once for each language, with their constant texts translated: a list looks up hundreds of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask.templating import Environment
from flask_babel import get_locale
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from portal.core.paths import PACKAGE

_CALLS = ("_", "gettext")


class TranslatedEnvironment(Environment):
    """Hands each request on to an environment of its language, which shares everything but the compiled templates."""

    language: str | None = None
    """None for the one that hands on."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._languages: dict[str, TranslatedEnvironment] = {}

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002
        if self.language is not None:
            return super().get_template(name, parent, globals)
        locale = get_locale()
        return self._in_language(locale.language if locale else "de").get_template(name, parent, globals)

    def _in_language(self, language: str) -> TranslatedEnvironment:
        found = self._languages.get(language)
        if found is None:
            found = self._languages[language] = self.overlay()
            found.language = language
        return found

    def _generate(self, source: nodes.Template, *arguments: Any, **options: Any) -> str:
        if self.language is not None:
            source = _Translator(_catalogue(self.language)).visit(source)
        return super()._generate(source, *arguments, **options)


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(PACKAGE / "translations", [language])


class _Translator(NodeTransformer):
    """Replaces `_("…")` by its text, and `_("…", name=value)` by formatting it, as Jinja's own gettext does."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self._catalogue = catalogue

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - as Jinja names it
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in _CALLS:
            return node
        (text,) = node.args
        if not isinstance(text, nodes.Const):
            return node
        translated = Markup(self._catalogue.ugettext(text.value))  # noqa: S704 - ours; values are escaped
        if not node.kwargs:
            return nodes.Const(translated % {}, lineno=node.lineno)
        pairs = [nodes.Pair(nodes.Const(it.key), it.value, lineno=node.lineno) for it in node.kwargs]
        return nodes.Mod(nodes.Const(translated), nodes.Dict(pairs, lineno=node.lineno), lineno=node.lineno)
