"""The description of the HTTP door as OpenAPI 3.1, made from the same table of columns by which lines are read."""

from __future__ import annotations

import json
from functools import lru_cache

from portal.api.bodies import LINES_TYPE
from portal.api.openapi_schemas import SCHEMA_NAMES, Schema, schemas
from portal.api.parameters import PARAMETERS
from portal.domain.import_kinds import Kind

_PLACES = {Kind.MEDIATOR: "mediators", Kind.ORDER: "orders", Kind.PARTICIPANT: "participants"}
_EXAMPLES: dict[Kind, list[Schema]] = {
    Kind.MEDIATOR: [
        {"vermittler_id": "V1", "kuerzel": "MM", "nachname": "Muster", "vorname": "Mia", "aktiv": True}
    ],
    Kind.ORDER: [
        {"auftrag_id": "A1", "bezeichnung": "Umschulung", "zustaendig": "MM|BO", "beginn": "2026-03-01"}
    ],
    Kind.PARTICIPANT: [
        {"tn_id": "T1", "nachname": "Müller", "vorname": "Anna", "einverstaendnis_am": "01.02.2026"},
        {"tn_id": "T2", "nachname": "Yıldız", "profil": [{"art": "sprache", "bezeichnung": "Deutsch"}]},
    ],
}
_REPORT_EXAMPLE = {
    "import_id": 17,
    "state": "done",
    "read": 2,
    "applied": 1,
    "unchanged": 0,
    "rejected": [
        {
            "line": 2,
            "column": "geburtsdatum",
            "code": "date-unreadable",
            "message": "Datum nicht lesbar (TT.MM.JJJJ oder JJJJ-MM-TT)",
        }
    ],
}
_PROBLEM_EXAMPLE = {
    "type": "urn:jobbruecke:problem:import-running",
    "title": "Das geht gerade nicht",
    "status": 409,
    "detail": "Es läuft schon ein Import, die Nummer 16. Warten Sie, bis er durch ist.",
    "number": "5F0C21AA",
}
_ERRORS = {
    "400": "The body broke off or is empty, or a parameter or header cannot be read.",
    "401": "No token, or one that is unknown, expired or revoked: always the same answer.",
    "406": "The answer is JSON, which the request does not accept.",
    "409": "An import of this tenant is running; Retry-After says when to ask again.",
    "413": "The body, or what is packed in it, is too large.",
    "415": "The body is not application/x-ndjson in UTF-8, or packed otherwise than with gzip.",
    "422": "The Idempotency-Key came before, with other lines.",
    "429": "Too many requests; Retry-After says when to ask again.",
    "503": "The database does not answer; nothing was taken in.",
}


@lru_cache(maxsize=1)
def document() -> Schema:
    """Return the whole description."""
    paths: Schema = {f"/{place}": {"put": _put(kind, place)} for kind, place in _PLACES.items()}
    paths["/imports/{import_id}"] = {"get": _show()}
    paths["/openapi.json"] = {"get": _describe()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jobbrücke: data from Qualli.life",
            "version": "1",
            "description": "One JSON object a line; each line is checked and answered by itself.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas(),
            "headers": _headers(),
        },
    }


def _put(kind: Kind, place: str) -> Schema:
    lines = "".join(json.dumps(example, ensure_ascii=False) + "\n" for example in _EXAMPLES[kind])
    body = {
        "type": "string",
        "contentMediaType": LINES_TYPE,
        "contentSchema": {"$ref": f"#/components/schemas/{SCHEMA_NAMES[kind]}"},
    }
    return {
        "operationId": f"put_{place}",
        "summary": f"Take {place} over",
        "description": "Up to 1,000 lines are taken over at once; more are taken in with 202.",
        "parameters": list(PARAMETERS),
        "requestBody": {
            "required": True,
            "content": {LINES_TYPE: {"schema": body, "examples": {"lines": {"value": lines}}}},
        },
        "responses": {
            "200": _reported("The import has ended; `state` says how."),
            "202": _reported("The import is taken in, still being worked on, or held for a person."),
            **_errors(*_ERRORS),
        },
    }


def _show() -> Schema:
    number = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
    return {
        "operationId": "show_import",
        "summary": "What became of an import",
        "parameters": [
            {"name": "import_id", "in": "path", "required": True, "schema": number, "example": 17}
        ],
        "responses": {
            "200": _reported("The import has ended; `state` says how."),
            "202": _reported("The import is still being worked on, or held for a person."),
            "400": _problem("The address has control characters in it, or characters that do not exist."),
            "404": _problem("There is no such import of this tenant through this door."),
            **_errors("401", "406", "429", "503"),
        },
    }


def _describe() -> Schema:
    document = {
        "description": "This document.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
    return {
        "operationId": "describe",
        "summary": "This document",
        "security": [],
        "responses": {"200": document, **_errors("429", "503")},
    }


def _reported(description: str) -> Schema:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("Location", "Retry-After")},
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Report"},
                "example": _REPORT_EXAMPLE,
            }
        },
    }


def _problem(description: str) -> Schema:
    return {
        "description": description,
        "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}},
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": _PROBLEM_EXAMPLE,
            }
        },
    }


def _errors(*statuses: str) -> Schema:
    return {status: _problem(_ERRORS[status]) for status in statuses}


def _headers() -> Schema:
    return {
        "Location": {"description": "Where the report is to be had.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    }
