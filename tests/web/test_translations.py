"""Every text has both languages; the compiled catalogue is the one that is read."""

from __future__ import annotations

import ast
import gettext
import io
import re

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portal.core.paths import ROOT

FOLDER = ROOT / "portal" / "translations" / "en" / "LC_MESSAGES"
METHODS = [("portal/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
HINT = "run scripts/translations, and translate what is empty"


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """Singular and plural, or the one text there is."""
    return [text] if isinstance(text, str) else list(text)


def catalogue() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="en")


def test_every_text_of_the_source_is_translated_and_nothing_else() -> None:
    wanted = {
        message
        for folder in ("portal", "templates")
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), kind) for pattern, kind in METHODS],
            keywords=KEYWORDS,
        )
    }
    have = {
        message.id
        for message in catalogue()
        if message.id and all(forms(message.string)) and not message.fuzzy
    }
    assert sorted(map(str, wanted - have)) == [], HINT
    assert sorted(map(str, have - wanted)) == [], HINT


def test_no_text_stands_where_the_extraction_does_not_look() -> None:
    """Inside of an f-string it would stay German."""
    names = {name for name in KEYWORDS if name.isidentifier()}
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for folder in ("portal", "worker", "demo")
        for path in (ROOT / folder).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names
    ]
    assert hidden == []


def test_translations_have_the_same_gaps() -> None:
    gap = re.compile(r"%\(\w+\)s|%%")
    for message in catalogue():
        if message.id:
            for german, english in zip(forms(message.id), forms(message.string), strict=True):
                assert sorted(gap.findall(german)) == sorted(gap.findall(english)), german


def test_the_compiled_catalogue_is_up_to_date() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    compiled.seek(0)
    with (FOLDER / "messages.mo").open("rb") as file:
        kept = gettext.GNUTranslations(file)
    fresh = gettext.GNUTranslations(compiled)
    texts = [forms(message.id)[0] for message in catalogue() if message.id]
    assert [kept.gettext(text) for text in texts] == [fresh.gettext(text) for text in texts], HINT
