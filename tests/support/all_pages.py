"""Every page of the product, for whoever looks at all of them."""

from __future__ import annotations

from dataclasses import dataclass

NO_PAGES = frozenset(
    {
        "static",
        "general.start",  # leads on
        "accounts.ask_code",  # leads on where nobody is half signed in
        "second_factor.draw",
        "by_provider.come_back",
        "people.export_csv",
        "people.export_xlsx",
        "bulk.report",
        "bulk.report_xlsx",
        "imports.rejected",
        "imports.rejected_xlsx",
        "health.live",  # a word, and numbers for machines
        "health.ready",
        "health.metrics",
        "api.describe",
        "api.show_import",
        "privacy.report_json",
        "privacy.report_pdf",
    }
)
"""What answers with a file, or with another address. Pages that only a form leads to, the code page among them, are
looked at by `test_axe_finds_nothing_on_what_follows_a_form` in tests/browser/test_accessibility.py."""


@dataclass(frozen=True)
class PageOf:
    """A page: its address with gaps for rows, who may see it, and in which states it is looked at."""

    endpoint: str
    address: str
    account: str | None = "supervisor"
    """None: nobody signed in."""
    states: tuple[str, ...] = ("",)
    """What stands behind the question mark."""


PAGES = (
    PageOf("accounts.sign_in", "/sign-in", account=None),
    PageOf("own.show", "/account"),
    PageOf("second_factor.show", "/account/second-factor"),
    PageOf("own.roles", "/roles"),
    PageOf("managing.list_page", "/accounts", account="administrator"),
    PageOf("managing.new", "/accounts/new", account="administrator"),
    PageOf("managing.edit", "/accounts/{account}", account="administrator"),
    PageOf("accounts.choose_password", "/set-password/{link}", account=None),
    PageOf("audit.list_page", "/audit", account="administrator", states=("", "event=looked&number=1")),
    PageOf("general.accessibility", "/accessibility"),
    PageOf("general.help_page", "/help"),
    PageOf("general.transfer_status", "/transfer-status"),
    PageOf(
        "people.list_page",
        "/participants",
        states=("", "status=online&phase=current", "group=cause", "number=nobody0", "left=1"),
    ),
    PageOf("releases.show", "/participants/{person}"),
    PageOf("releases.ask_release", "/participants/{person}/release"),
    PageOf("releases.ask_revoke", "/participants/{person}/revoke"),
    PageOf("releases.pick_mediator", "/participants/{person}/mediator"),
    PageOf("releases.older_protocol", "/participants/{person}/protocol"),
    PageOf("participant_deliveries.show_record", "/participants/{person}/record"),
    PageOf("numbers.ask", "/participants/{person}/social-insurance-number"),
    PageOf("bulk.list_page", "/bulk"),
    PageOf("bulk.show", "/bulk/{bulk}"),
    PageOf("deliveries.list_page", "/deliveries"),
    PageOf("reconciling.show", "/deliveries/reconcile"),
    PageOf("network_accounts.show", "/deliveries/network-account"),
    PageOf("deliveries.preview", "/deliveries/next"),
    PageOf("deliveries.show", "/deliveries/{delivery}"),
    PageOf("mediators.list_page", "/mediators"),
    PageOf("imports.list_page", "/imports"),
    PageOf("imports.show", "/imports/{import_id}"),
    PageOf("tenants.settings", "/settings", account="administrator"),
    PageOf("notices.list_page", "/notices"),
    PageOf("tokens.list_page", "/settings/tokens", account="administrator"),
    PageOf("privacy.overview", "/privacy", account="administrator"),
    PageOf("privacy.processing_record", "/privacy/processing", account="administrator"),
    PageOf("privacy.ask_erasure", "/participants/{person}/erasure", account="administrator"),
    PageOf("operations.overview", "/operations", account="support"),
    PageOf("tenants.choose", "/tenants", account="support"),
)
