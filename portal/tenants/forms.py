"""What administrators type into the settings of their tenant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from portal.networks.registry import Network
from portal.tenants.errors import SettingUnreadable
from portal.tenants.service import BOUNDS, Limits
from portal.webkit.parameters import clock_time, whole_number

_DIGITS = 100
"""More than any limit has, so that what is allowed can be said of a number that is too large."""


@dataclass(frozen=True)
class TransferSettings:
    """How and when a tenant's people are transferred."""

    transfer_time: dt.time
    federal_state: str
    sends_social_insurance_number: bool
    limits: Limits


def read_transfer_settings(values: MultiDict[str, str]) -> TransferSettings:
    """Return the settings of a form. Raises Refusal `setting-unreadable`."""
    time = clock_time(values.get("transfer_time"))
    typed = {name: whole_number(values.get(name), _DIGITS) for name in BOUNDS}
    numbers = {name: number for name, number in typed.items() if number is not None}
    if time is None or len(numbers) < len(BOUNDS):
        raise SettingUnreadable
    return TransferSettings(
        time, values.get("federal_state", ""), values.get("svnr") == "1", Limits(**numbers)
    )


def read_network(values: MultiDict[str, str]) -> Network:
    """The network that was chosen. Raises Refusal `setting-unreadable`."""
    try:
        return Network(values.get("network", ""))
    except ValueError:
        raise SettingUnreadable from None
