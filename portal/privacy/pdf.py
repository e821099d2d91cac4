"""A document as PDF: embedded font, title, language, tables that go on over pages, and page numbers."""

from __future__ import annotations

import logging

from flask_babel import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from portal import ROOT
from portal.privacy.sections import Document, Row, Section

FONTS = ROOT / "static" / "vendor" / "dejavu"
"""DejaVu Sans has the letters of all Latin names, ł, ş, č and ő among them, and Cyrillic and Greek ones."""
_FAMILY = "DejaVu"
_MARGIN, _WIDTH = 16.0, 178.0
_SMALL, _PLAIN, _HEAD, _TITLE = 7.5, 9.0, 11.5, 16.0
"""Sizes of letters, in points."""
_GREY = (238, 238, 238)


class _Pages(FPDF):
    """A4 with a foot on every page."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(_FAMILY, size=_SMALL)
        self.cell(_WIDTH * 0.75, 5, self.foot)
        page = _("Seite %(page)s von %(pages)s", page=self.page_no(), pages="{nb}")
        self.cell(_WIDTH * 0.25, 5, page, align="R")


def write_pdf(document: Document, language: str) -> bytes:
    """The document as bytes."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table of the font
    pages = _Pages(format="A4")
    pages.foot = document.subtitle
    pages.add_font(_FAMILY, "", FONTS / "DejaVuSans.ttf")
    pages.add_font(_FAMILY, "B", FONTS / "DejaVuSans-Bold.ttf")
    pages.set_title(f"{document.title} – {document.subtitle}")
    pages.set_lang(language)
    pages.set_creator("Jobbrücke")
    pages.set_margins(_MARGIN, _MARGIN)
    pages.set_auto_page_break(auto=True, margin=18)
    pages.add_page()
    _line(pages, document.title, _TITLE, bold=True)
    _line(pages, document.subtitle, _PLAIN)
    for section in document.sections:
        _section(pages, section)
    return bytes(pages.output())


def _section(pages: FPDF, section: Section) -> None:
    pages.ln(4)
    if pages.will_page_break(24):  # no title alone at the foot of a page
        pages.add_page()
    pages.start_section(section.title)
    _line(pages, section.title, _HEAD, bold=True)
    for sentence in section.sentences:
        _line(pages, sentence, _PLAIN)
    if section.facts:
        _table(pages, (), section.facts, (3, 7))
    if section.rows:
        _table(pages, section.columns, section.rows, section.widths)


def _line(pages: FPDF, text: str, size: float, *, bold: bool = False) -> None:
    pages.set_font(_FAMILY, "B" if bold else "", size)
    pages.multi_cell(_WIDTH, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
    pages.ln(1)


def _table(pages: FPDF, columns: tuple[str, ...], rows: tuple[Row, ...], widths: tuple[int, ...]) -> None:
    pages.set_font(_FAMILY, size=_PLAIN if not columns else _SMALL)
    with pages.table(
        width=_WIDTH,
        col_widths=widths,
        text_align="LEFT",
        line_height=4.2,
        padding=0.8,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        first_row_as_headings=bool(columns),
        headings_style=FontFace(emphasis="BOLD", fill_color=_GREY),
        repeat_headings=1,
    ) as table:
        if columns:
            table.row(columns)
        for row in rows:
            table.row(row)
