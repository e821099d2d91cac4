"""A document as Markdown."""

from __future__ import annotations

from typing import Any

from portal.privacy.sections import Document


def as_markdown(document: Document) -> str:
    """Return the document as Markdown."""
    lines = [f"# {document.title}", "", document.subtitle, ""]
    for section in document.sections:
        lines += [f"## {section.title}", "", *(f"{sentence}\n" for sentence in section.sentences)]
        lines += [f"- **{label}**: {value}" for label, value in section.facts]
        if section.rows:
            lines += [_row(section.columns), _row(["---"] * len(section.columns))]
            lines += [_row(row) for row in section.rows]
        lines.append("")
    return "\n".join(lines)


def _row(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
