"""What a network decides about a participant's record: pure rules, no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.words import REASON_LABELS, Network, Outcome, Reason

ParticipantData = Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """What becomes of a participant. The reason is a plain string: by force it may be any word."""

    outcome: Outcome
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Circumstances:
    """What the network knows beside the record itself. `order_responsible` None: no order was named."""

    mediator_known: bool
    order_responsible: tuple[str, ...] | None


def decide(
    network: Network,
    record: ParticipantData,
    circumstances: Circumstances,
    forced: Decision | None = None,
) -> Decision:
    """Decide about one record: force first, then the mediator, then the checks of the network."""
    if forced is not None:
        return forced
    if not circumstances.mediator_known:
        detail = f"Vermittler/in {record['mediator_id']} ist im {network.label} nicht angelegt."
        return Decision(Outcome.ARCHIVED, Reason.MEDIATOR_UNKNOWN, detail)
    for reason, is_missing in _CHECKS[network]:
        if is_missing(record, circumstances):
            return Decision(Outcome.REJECTED, reason, f"{REASON_LABELS[reason]}.")
    return Decision(Outcome.ACTIVE)


def _is_blank(text: str | None) -> bool:
    return not (text or "").strip()


def _name_missing(record: ParticipantData, _: Circumstances) -> bool:
    return _is_blank(record["last_name"]) or _is_blank(record["first_name"])


def _consent_missing(record: ParticipantData, _: Circumstances) -> bool:
    return _is_blank(record.get("consent_on"))


def _email_missing(record: ParticipantData, _: Circumstances) -> bool:
    return _is_blank(record.get("email"))


def _caseworker_missing(record: ParticipantData, _: Circumstances) -> bool:
    return _is_blank(record.get("caseworker"))


def _order_responsible_missing(_: ParticipantData, circumstances: Circumstances) -> bool:
    return all(_is_blank(name) for name in circumstances.order_responsible or ())


_Check = Callable[[ParticipantData, Circumstances], bool]
_CHECKS: dict[Network, tuple[tuple[Reason, _Check], ...]] = {
    Network.JOBNETZWERK: ((Reason.NAME_MISSING, _name_missing),),
    Network.JOB4YOU: (
        (Reason.CONSENT_MISSING, _consent_missing),
        (Reason.NAME_MISSING, _name_missing),
        (Reason.EMAIL_MISSING, _email_missing),
        (Reason.CASEWORKER_MISSING, _caseworker_missing),
        (Reason.ORDER_RESPONSIBLE_MISSING, _order_responsible_missing),
    ),
}
