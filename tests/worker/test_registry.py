"""The registry of jobs and periodic tasks: nothing that a feature registers, leases or enqueues is missing there."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.core.database import EVERY_TENANT, scope_to, utcnow
from portal.core.leases import Leased
from portal.core.paths import ROOT
from worker.jobs import ALLOWED
from worker.registry import JOBS, PERIODIC

MODELS = {job.model for job in JOBS}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "portal").rglob("*.py")):
        yield path, ast.parse(path.read_text())


def test_whatever_a_feature_registers_is_in_the_registry() -> None:
    found = []
    for path, tree in sources():
        names = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        } & {"JOBS", "PERIODIC"}
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found += [it for name in names for it in getattr(importlib.import_module(module), name)]
    assert {id(it) for it in found} == {id(it) for it in (*JOBS, *PERIODIC)}
    assert len(found) == len(JOBS) + len(PERIODIC)


def test_whatever_is_leased_has_a_job() -> None:
    def tables(model: type) -> Iterator[type]:
        for child in model.__subclasses__():
            yield from [child] if hasattr(child, "__tablename__") else tables(child)

    assert set(tables(Leased)) <= MODELS


def test_whatever_is_enqueued_has_a_job() -> None:
    enqueued = {
        node.args[0].id
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "enqueue_after_commit"
        and isinstance(node.args[0], ast.Name)
    }
    assert {"Delivery", "ImportRun"} <= enqueued <= {model.__name__ for model in MODELS}


def test_each_job_is_on_the_list_of_what_a_worker_runs() -> None:
    assert len(ALLOWED) == len(JOBS)
    assert all(function.startswith("worker.jobs.run_") for function in ALLOWED)


@pytest.mark.conformance
def test_each_finds_what_is_due(app: Flask) -> None:
    scope_to(EVERY_TENANT)
    assert [list(job.due(utcnow(), 1)) for job in JOBS] == [[]] * len(JOBS)
