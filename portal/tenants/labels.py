"""Words for networks and connections."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.domain.delivery_states import DeliveryProblem
from portal.domain.tenants import ConnectionState
from portal.networks.registry import Network
from portal.webkit.labels import Label, label_of

LABELS: dict[type[StrEnum], Mapping[Any, Label]] = {
    Network: {network: Label(network.spec.label) for network in Network},
    ConnectionState: {
        ConnectionState.OPEN: Label(_l("offen")),
        ConnectionState.CLOSING: Label(_l("wird geschlossen")),
        ConnectionState.CLOSED: Label(_l("geschlossen")),
    },
}


def problem_text(code: str | None) -> Any:
    """The words for what keeps us from a network; none for what only the network client names."""
    try:
        return label_of(DeliveryProblem(code)).text if code else ""
    except ValueError:  # a code of the network client alone
        return ""
