"""The schemas of what is said and sent through the HTTP door."""

from __future__ import annotations

from typing import Any

from portal.domain.import_kinds import Kind
from portal.domain.imports import ImportState
from portal.imports.codes import Fault, FileFault
from portal.imports.columns import LANGUAGE_LEVELS, PROFILES, TABLES, Column, Table, Type
from portal.imports.lines import PROFILE_KEY

Schema = dict[str, Any]
SCHEMA_NAMES = {Kind.MEDIATOR: "Mediator", Kind.ORDER: "Order", Kind.PARTICIPANT: "Participant"}


def schemas() -> Schema:
    schemas = {name: _line(TABLES[kind]) for kind, name in SCHEMA_NAMES.items()}
    entry = _line(PROFILES)
    del entry["properties"][PROFILES.identifier.name]
    entry["required"].remove(PROFILES.identifier.name)
    schemas["ProfileEntry"] = entry
    schemas["Participant"]["properties"][PROFILE_KEY] = {
        "type": ["array", "null"],
        "items": {"$ref": "#/components/schemas/ProfileEntry"},
        "description": "Replaces the person's whole profile; without the key it stays.",
    }
    return schemas | {"Report": _report(), "Rejected": _rejected(), "Problem": _problem_details()}


def _line(table: Table) -> Schema:
    return {
        "type": "object",
        "properties": {column.name: _column(column) for column in table.columns},
        "required": list(table.required),
        "description": "A key that is not there says nothing; one that is empty or null empties. Others are ignored.",
    }


def _column(column: Column) -> Schema:
    schema: Schema = {"type": ["string", "null"], "maxLength": column.longest}
    if column.required:
        schema |= {"type": "string", "minLength": 1}
    match column.type:
        case Type.YES_NO:
            schema = {"type": ["boolean", "string", "null"], "description": "ja, nein, 1, 0, true, false"}
        case Type.DATE | Type.PAST_DATE:
            schema |= {"description": "TT.MM.JJJJ or JJJJ-MM-TT", "examples": ["2026-03-02", "02.03.2026"]}
        case Type.MOMENT:
            schema["description"] = "When the lines were exported: a day or a time, in ISO or German form."
        case Type.NAMES:
            schema["description"] = "Several are separated by a vertical bar."
        case Type.CHOICE:
            schema = {"type": "string", "enum": list(column.choices or {})}
        case Type.SOCIAL_INSURANCE_NUMBER:
            schema["description"] = "With or without spaces; its check digit is verified."
        case _ if column.name == "niveau":
            schema["description"] = f"Of a language one of {', '.join(sorted(LANGUAGE_LEVELS))}."
    return schema


def _report() -> Schema:
    count = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "properties": {
            "import_id": {"type": "integer"},
            "state": {"enum": [state.value for state in ImportState]},
            "read": count,
            "applied": {**count, "description": "Lines that changed something."},
            "unchanged": count,
            "identical": {
                **count,
                "description": "Lines that say once more what another one says, where there are any.",
            },
            "rejected": {"type": "array", "items": {"$ref": "#/components/schemas/Rejected"}},
            "more": {"const": True, "description": "There are more rejected lines than are listed."},
            "notices": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                    "required": ["code", "message"],
                },
            },
            "message": {"type": "string", "description": "Why it is held, failed or was discarded."},
        },
        "required": ["import_id", "state", "read", "applied", "unchanged", "rejected"],
        "additionalProperties": False,
    }


def _rejected() -> Schema:
    return {
        "type": "object",
        "properties": {
            "line": {"type": "integer", "minimum": 0, "description": "From 1, blank lines counted."},
            "column": {"type": ["string", "null"]},
            "code": {"enum": sorted({item.value for item in (*Fault, *FileFault)})},
            "message": {"type": "string"},
        },
        "required": ["line", "column", "code", "message"],
        "additionalProperties": False,
    }


def _problem_details() -> Schema:
    return {
        "type": "object",
        "description": "RFC 9457. `number` stands in the log of the operator.",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "number": {"type": "string", "pattern": "^[0-9A-F]{8}$"},
        },
        "required": ["type", "title", "status", "detail", "number"],
        "additionalProperties": False,
    }
