"""Reports as PDF: names of every script are drawn and read in their order, and a screen reader finds its way."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.privacy.pdf import write_pdf
from portal.privacy.sections import Document, Section
from tests.support.pdf import find_structure, find_undrawn, find_words, needs_poppler

NAMES = {
    "Amharic": "አበበ", "Arabic": "محمد", "Armenian": "Արամ", "Azerbaijani": "Əliyev", "Bengali": "রহমান",
    "Burmese": "အောင်", "Chinese": "王小明", "Cyrillic": "Їжак", "Dari": "گلناز", "Fulani": "𞤀𞤣𞤤𞤢𞤥",
    "Georgian": "ნინო", "Greek": "Γιώργος", "Gujarati": "ગાંધી", "Hebrew": "כהן", "Hindi": "राहुल",
    "Japanese": "山田たろう",
    "Kannada": "ಕನ್ನಡ", "Khmer": "សុខា", "Korean": "똠민수", "Kurdish": "ڕۆژ", "Lao": "ສົມ", "Malayalam": "മലയാളം",
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ", "NKo": "ߒߞߏ", "Odia": "ଓଡ଼ିଶା", "Pashto": "ځواک", "Punjabi": "ਸਿੰਘ", "Rohingya": "𐴌𐴟𐴇",
    "Sinhala": "සුනිල්", "Syriac": "ܡܪܝ", "Tamazight": "ⵜⵉⴼⵉ", "Tamil": "கார்த்திக்", "Telugu": "రాము",
    "Thai": "สมชาย", "Tibetan": "བསྟན", "Tigrinya": "ገብረ", "Urdu": "ٹیپو", "Uyghur": "ئۇيغۇر", "Vietnamese": "Nguyễn",
    "Yi": "ꆈꌠ",
}  # fmt: skip


@pytest.fixture(autouse=True)
def translating(sqlite_app: Flask) -> None:
    """Words of the page come from the catalogue."""


def report(*facts: tuple[str, str], rows: tuple[tuple[str, ...], ...] = ()) -> Document:
    columns = ("Nr.", "Empfänger", "Antwort") if rows else ()
    return Document("Auskunft", "Stand", (Section("Angaben", (), facts, columns, rows, (1, 2, 2)),))


@needs_poppler
def test_names_of_every_script_are_drawn(tmp_path: Path) -> None:
    content = write_pdf(report(*NAMES.items()), "de")
    assert b"pdfuaid:part" in content, "a letter has no shape"
    assert find_undrawn(content, tmp_path) == []


@needs_poppler
@pytest.mark.parametrize("name", ["كريم", "יעקב", "ܡܪܝ", "ߒߞߏ"])
def test_what_is_written_from_right_to_left_stands_so(name: str, tmp_path: Path) -> None:
    """The letters of a word are found here as they stand, from the left: its first one is the last of them."""
    words = find_words(write_pdf(report(("Name", f"Müller {name} Meier")), "de"), tmp_path)
    assert f"Müller {name[::-1]} Meier" in " ".join(word.text for word in words)


@needs_poppler
def test_a_letter_that_no_font_has_is_a_box(tmp_path: Path) -> None:
    content = write_pdf(report(("Name", "𐎀𐎁 𓀀")), "de")
    assert find_undrawn(content, tmp_path) == []
    assert "Table" in find_structure(content, tmp_path)
    assert b"pdfuaid:part" not in content, "it promises a shape for every letter"


@needs_poppler
def test_a_screen_reader_finds_headings_sentences_and_the_heads_of_tables(tmp_path: Path) -> None:
    sections = (
        Section("Zweck", ("Ein Satz.",), (("Zweck", "Vermittlung"),)),
        Section(
            "Freigaben", columns=("Wann", "Wer"), rows=(("heute", "KK"), ("gestern", "KK")), widths=(1, 1)
        ),
    )
    found = find_structure(write_pdf(Document("Auskunft", "Stand", sections), "de"), tmp_path)
    plain = [tag for tag in found if tag != "Span"]
    table = ["Table", "THead", "TR", "TH", "TH", "TBody", "TR", "TD", "TD"]
    assert plain == ["Document", "P", "P", "H1", "P", *table, "H1", *table, "TR", "TD", "TD"]


@needs_poppler
@pytest.mark.parametrize("word", ["x" * 500, "Ä" * 200, "erika.mustermann" * 12 + "@example.org"])
def test_nothing_runs_out_of_its_column(word: str, tmp_path: Path) -> None:
    content = write_pdf(report(("Name", word), rows=(("1", word, "danach"),)), "de")
    words = find_words(content, tmp_path)
    assert all(item.left >= 45 and item.right <= 551 for item in words)
    head = next(item for item in words if item.text == "Antwort")
    column = [item for item in words if item.top > head.bottom and 140 < item.left < head.left]
    assert all(item.right <= head.left for item in column)
    assert "".join(item.text for item in column) == word, "cut without a sign of its own"


@needs_poppler
def test_what_looks_like_markup_is_text(tmp_path: Path) -> None:
    said = r"*fett* _x_ #read(1) $a^2$ = Titel [x] \u{41} <l> @r // nichts /* auch"
    words = find_words(write_pdf(report(("Name", said)), "de"), tmp_path)
    assert said in " ".join(word.text for word in words)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=40, max_size=80))
def test_no_text_hinders_a_report(texts: list[str]) -> None:
    assert write_pdf(report(*((text, text) for text in texts)), "en").startswith(b"%PDF-")
