"""A Flask page with one statement, paged by key: the least that a list can cost."""

from __future__ import annotations

import os

import psycopg
from flask import Flask, g, render_template_string, request
from psycopg.rows import namedtuple_row

TENANT = int(os.environ["PEER_TENANT"])
LIST = """
SELECT p.id, p.last_name, p.first_name, p.number, s.status, s.phase, s.sort_key, o.title, m.initials
FROM participant_state s JOIN participant p ON p.id = s.participant_id
LEFT JOIN orders o ON o.id = s.order_id LEFT JOIN mediator m ON m.id = s.mediator_id
WHERE s.tenant_id = %s AND s.listed AND s.sort_key > %s ORDER BY s.sort_key LIMIT 51
"""
PAGE = """<!doctype html><html lang="de"><title>Liste</title><table>
{% for row in rows[:50] %}<tr><td>{{ row.last_name }}, {{ row.first_name }}<td>{{ row.number }}<td>{{ row.status }}
<td>{{ row.phase }}<td>{{ row.title }}<td>{{ row.initials }}{% endfor %}</table>
{% if rows|length > 50 %}<a href="?after={{ rows[49].sort_key|urlencode }}">weiter</a>{% endif %}</html>"""
application = Flask(__name__)
_connections: list[psycopg.Connection[object]] = []


@application.get("/list")
def show() -> str:
    """A page of the list."""
    connection = (
        _connections.pop() if _connections else psycopg.connect(os.environ["PEER_DATABASE"], autocommit=True)
    )
    g.connection = connection
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(LIST, (TENANT, request.args.get("after", ""))).fetchall()
    return render_template_string(PAGE, rows=rows)


@application.teardown_request
def give_back(_error: BaseException | None) -> None:
    """Keep the connection for the next request."""
    if "connection" in g:
        _connections.append(g.connection)
