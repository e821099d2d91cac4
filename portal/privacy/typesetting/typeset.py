"""Typesets a report: JSON on standard input, tagged PDF on standard output.

A program of its own, without the portal: the typesetter remembers what it has laid out, and would keep hundreds of
megabytes about people in the memory of a web process. Whatever happens to it, it ends alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

import typst

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Write PDF/UA-1 where every letter has a shape; a document with a box in it may not call itself that."""
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[path.parent for path in (FOLDER / "fonts").glob("*/VERSION")],
    )
    report = {"report": sys.stdin.buffer.read().decode()}
    compiler = typst.Compiler(FOLDER / "report.typ", root=FOLDER, font_paths=fonts, sys_inputs=report)
    try:
        written = compiler.compile(format="pdf", pdf_standards="ua-1")
    except typst.TypstError:
        written = compiler.compile(format="pdf")
    assert isinstance(written, bytes)
    sys.stdout.buffer.write(written)


if __name__ == "__main__":
    main()
