"""Flask-Admin's list over the product's tables."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func

TENANT = int(os.environ["PEER_TENANT"])
application = Flask(__name__)
application.config["SECRET_KEY"] = "a secret of benchmarks"  # noqa: S105 - it protects nothing
parts = dict(part.split("=", 1) for part in os.environ["PEER_DATABASE"].split())
application.config["SQLALCHEMY_DATABASE_URI"] = (
    f"postgresql+psycopg://{parts['user']}@/{parts['dbname']}?host={parts['host']}"
)
db = SQLAlchemy(application)
with application.app_context():
    db.reflect()


class Order(db.Model):  # type: ignore[name-defined,misc]
    __table__ = db.metadata.tables["orders"]

    def __str__(self) -> str:
        return str(self.title)


class Mediator(db.Model):  # type: ignore[name-defined,misc]
    __table__ = db.metadata.tables["mediator"]

    def __str__(self) -> str:
        return str(self.initials)


class Participant(db.Model):  # type: ignore[name-defined,misc]
    __table__ = db.metadata.tables["participant"]


class State(db.Model):  # type: ignore[name-defined,misc]
    __table__ = db.metadata.tables["participant_state"]
    participant = db.relationship(Participant)
    order = db.relationship(
        Order, primaryjoin=__table__.c.order_id == Order.__table__.c.id, foreign_keys=[__table__.c.order_id]
    )
    mediator = db.relationship(
        Mediator,
        primaryjoin=__table__.c.mediator_id == Mediator.__table__.c.id,
        foreign_keys=[__table__.c.mediator_id],
    )


class List(ModelView):  # type: ignore[misc]
    column_list = ("participant.last_name", "participant.first_name", "participant.number", "status", "phase",
                   "order", "mediator")  # fmt: skip
    column_filters = ("status", "phase")
    column_searchable_list = ("participant.last_name", "participant.first_name", "participant.number")
    column_select_related_list = (State.participant, State.order, State.mediator)
    column_default_sort = "sort_key"
    page_size = 50

    def get_query(self) -> Any:
        return super().get_query().filter(State.tenant_id == TENANT, State.listed)

    def get_count_query(self) -> Any:
        query = self.session.query(func.count("*")).select_from(self.model)
        return query.filter(State.tenant_id == TENANT, State.listed)


Admin(application, name="bench").add_view(List(State, db.session, endpoint="state"))
