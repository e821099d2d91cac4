"""Who signs in to the demo: plain values, cheap to import, since `make run` prints them."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "Drei Kraniche im Nebel"
"""Of every account of the demo."""
JN, J4U, SMALL = "demo-jn", "demo-j4u", "demo-klein"
SUPPORT_EMAIL = "support@demo.example"


@dataclass(frozen=True)
class Login:
    """An account of the demo; `role` is a value of portal.domain.accounts.Role."""

    email: str
    role: str
    tenant: str | None
    """Slug; None for support."""
    name: str
    initials: str
    what: str
    """What it is for, in the words of `make run`."""
    mediator: str | None = None
    """Vermittler-ID of the mediator that this person is."""


LOGINS = (
    Login(
        "sachbearbeitung@demo-jn.example",
        "caseworker",
        JN,
        "Sabine Krüger",
        "KRS",
        "caseworker, delivers to Jobnetzwerk",
        "V-101",
    ),
    Login("leitung@demo-jn.example", "supervisor", JN, "Holger Petersen", "PEH", "supervisor"),
    Login("admin@demo-jn.example", "administrator", JN, "Anja Wolf", "WOA", "administrator"),
    Login(
        "sachbearbeitung@demo-j4u.example",
        "caseworker",
        J4U,
        "Martina Brück",
        "BRM",
        "caseworker, delivers to Job4You",
        "V-201",
    ),
    Login("leitung@demo-j4u.example", "supervisor", J4U, "Jürgen Schäfer", "SFJ", "supervisor"),
    Login("admin@demo-j4u.example", "administrator", J4U, "Deniz Aksoy", "AKD", "administrator"),
    Login(SUPPORT_EMAIL, "support", None, "Support Jobbrücke", "SUP", "support, sees every tenant"),
)
