"""Files, functions, views and lines of templates stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from portal.core.paths import ROOT

FILE, FUNCTION, VIEW, TEMPLATE_LINE = 300, 30, 20, 160

FILES = [
    path
    for folder in ("portal", "worker", "sandbox", "demo")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a file by name, methods with their class."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                yield f"{_name(path)}:{owner}{child.name}", child


def lines_of(function: ast.FunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    assert function.end_lineno is not None
    said = function.body[0]
    is_docstring = isinstance(said, ast.Expr) and isinstance(said.value, ast.Constant)
    docstring = (said.end_lineno or 0) - said.lineno + 1 if is_docstring else 0
    return function.end_lineno - function.lineno + 1 - docstring


def is_view(function: ast.FunctionDef) -> bool:
    """Whether a route leads to it."""
    calls = [it.func for it in function.decorator_list if isinstance(it, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in ("get", "post", "put") for call in calls)


def larger(sizes: Mapping[str, int], limit: int) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size > limit}


def test_no_file_is_large() -> None:
    sizes = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert larger(sizes, FILE) == {}


def test_no_function_is_large() -> None:
    sizes = {name: lines_of(it) for path in FILES for name, it in functions(path)}
    assert larger(sizes, FUNCTION) == {}


def test_no_view_is_large() -> None:
    views = {name: lines_of(it) for path in FILES for name, it in functions(path) if is_view(it)}
    assert len(views) > 100
    assert larger(views, VIEW) == {}


def test_no_line_of_a_template_is_long() -> None:
    lengths = {
        f"{_name(path)}:{number}": len(line)
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    }
    assert larger(lengths, TEMPLATE_LINE) == {}
