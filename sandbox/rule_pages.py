"""The forms for misbehaviour."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from sandbox import misbehaviour
from sandbox.clock import now_at
from sandbox.control_orders import NewRule
from sandbox.local import refuse_foreign_browsers, refuse_other_machines
from sandbox.messages import explain
from sandbox.problems import invalid_request, not_found
from sandbox.services import services

rule_pages = Blueprint("rule_pages", __name__)
rule_pages.before_request(refuse_other_machines)
rule_pages.before_request(refuse_foreign_browsers)


@rule_pages.post("/misbehaviours")
def add_rule() -> AnyResponse:
    """Add a rule from the form."""
    try:
        rule = NewRule.model_validate(_filled_in())
    except ValidationError as error:
        raise invalid_request(explain(error)) from None
    services().processor.catch_up_all(now_at())
    with services().database.write() as db:
        misbehaviour.add_rule(
            db,
            rule.kind,
            operation=rule.operation,
            provider_id=rule.provider_id,
            count=rule.count,
            parameters=rule.parameters.model_dump(exclude_unset=True),
        )
    return redirect(url_for("pages.list_rules"), 303)


@rule_pages.post("/misbehaviours/<int:rule_id>/remove")
def remove_rule(rule_id: int) -> AnyResponse:
    """End a rule."""
    services().processor.catch_up_all(now_at())
    with services().database.write() as db:
        removed = misbehaviour.remove_rules(db, rule_id)
    if not removed:
        raise not_found("Diese Regel gibt es nicht mehr.")
    return redirect(url_for("pages.list_rules"), 303)


def _filled_in() -> dict[str, Any]:
    """Give what was filled in, as the control door takes it."""
    values = {name: text.strip() for name, text in request.form.items() if text.strip()}
    rule: dict[str, Any] = {
        name: values[name] for name in ("kind", "operation", "provider_id", "count") if name in values
    }
    parameters: dict[str, Any] = {
        name: values[name] for name in ("seconds", "status", "retry_after") if name in values
    }
    if "participants" in values:
        parameters["participants"] = values["participants"].replace(",", " ").split()
    return rule | {"parameters": parameters}
