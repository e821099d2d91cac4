"""Where a network is found: its API and its pages, as set by the operator."""

from __future__ import annotations

from portal.core.settings import Settings
from portal.networks.registry import Network


def base_url(network: Network, settings: Settings) -> str:
    """Return the address of the network's API."""
    found: str = getattr(settings, f"network_{network}_url")
    return found


def applicant_page(network: Network, settings: Settings) -> str | None:
    """Return the address of an applicant's page, with {applicant_id} in it; None where none is set."""
    found: str | None = getattr(settings, f"network_{network}_page")
    return found
