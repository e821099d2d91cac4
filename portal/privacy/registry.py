"""What each column of each table is to data protection: the one register that the record of processing is made of.

A test walks all tables: a column that is not classified here fails it. Pure.
"""

from __future__ import annotations

from functools import partial

from portal.privacy.classes import Kept, Purpose, Retention, Subjects

ALWAYS_TECHNICAL = frozenset({"id", "tenant_id"})
_LEASE = "lease_until fence crashes"
_P, _M, _A, _N = Subjects.PARTICIPANTS, Subjects.MEDIATORS, Subjects.ACCOUNTS, Subjects.NOBODY
_person = partial(Kept, _P, Purpose.TRANSFER, Retention.ACTIVITY)
_mediator = partial(Kept, _M, Purpose.TRANSFER, Retention.LEADING)
_account = partial(Kept, _A, Purpose.ACCESS, Retention.ACCOUNT)
_system = partial(Kept, _N, Purpose.OPERATION, Retention.CONTRACT)
_evidence = partial(Kept, _N, Purpose.ACCOUNTABILITY, Retention.CONTRACT)

TABLES: dict[str, Kept] = {
    # people of Qualli.life
    "participant": _person(
        personal="number lookup_key salutation last_name first_name birth_date social_insurance_number_encrypted "
        "street postal_code city email phone caseworker left_order_on consent_on consent_until consent_withdrawn_on "
        "former_number left_at sort_key",
        pseudonymous="email_readable order_id social_insurance_number_since doubted_identity doubted_since "
        "confirmed_identity changed_at",
    ),
    "profile": _person(personal="entries", pseudonymous="participant_id"),
    "participant_word": _person(personal="word", pseudonymous="participant_id"),
    "participant_state": _person(
        personal="sort_key caseworker",
        pseudonymous="participant_id listed order_id mediator_id left_order status released announced consent_given "
        "findings phase troubled needs_action since recheck_at",
    ),
    "mediator": _mediator(
        personal="number lookup_key initials last_name first_name email phone active sort_key"
    ),
    "orders": _mediator(
        personal="responsible",
        technical="number lookup_key title measure_number carrier starts_on ends_on has_responsible",
    ),
    # decisions, and what the networks were told
    "release": _person(
        personal="released_by ended_by",
        pseudonymous="connection_id participant_id released_at consent_confirmed ended_at end_cause consent_lost_at",
    ),
    "registration": _person(
        personal="applicant_id archive_detail rejection_detail refused_detail",
        pseudonymous="connection_id participant_id mediator_id release_id released status archived archive_reason "
        "rejection_reason clarification announced announced_digest announced_mediator_id announced_order_id "
        "waiting_since stuck_since urgent",
        technical="applied_sequence rejected_sequence revision announced_sequence announced_at announced_revision "
        "refused_revision",
    ),
    "mediator_registration": _mediator(
        pseudonymous="connection_id mediator_id known answered_sequence answered_at"
    ),
    "protocol_entry": Kept(
        _P,
        Purpose.ACCOUNTABILITY,
        Retention.ACTIVITY,
        personal="by data",
        pseudonymous="participant_id connection_id delivery_id at event",
        technical="seal_key",
    ),
    "delivery": Kept(
        _A,
        Purpose.TRANSFER,
        Retention.CONTRACT,
        personal="started_by approved_by discarded_by problem_detail",
        pseudonymous="started_by_account_id selection",
        technical="connection_id sequence mode cause local_date late state idempotency_key base_sequence remote_id "
        "receipt_id cursor created_at built_at held_at sent_at commit_attempted_at outcome_unknown committed_at "
        "completed_at ended_at counts answered brake shown_digest approved_at problem supersedes_id next_step_at "
        f"empty_polls fruitless {_LEASE}",
    ),
    "delivery_person": _person(
        personal="detail",
        pseudonymous="delivery_id participant_id part novelty explained findings digest mediator_id order_id outcome "
        "reason answered_at",
        technical="part_number revision",
    ),
    "delivery_part": Kept(
        _P,
        Purpose.TRANSFER,
        Retention.PAYLOAD,
        personal="content_encrypted",
        technical="delivery_id number digest size records",
    ),
    "delivery_mediator": Kept(
        _M, Purpose.TRANSFER, Retention.CONTRACT, pseudonymous="delivery_id mediator_id outcome answered_at"
    ),
    "odd_answer": _person(personal="number", technical="delivery_id kind subject outcome reason at"),
    "attempt": _system(
        technical="connection_id delivery_id at last_at count call http_status duration_ms problem"
    ),
    "bulk_run": Kept(
        _A,
        Purpose.TRANSFER,
        Retention.BULK,
        personal="initials",
        pseudonymous="account_id own_mediator_id mediator_id",
        technical="action state query total done created_at started_at finished_at delivery_id problem "
        f"problem_values {_LEASE}",
    ),
    "bulk_item": Kept(
        _P,
        Purpose.TRANSFER,
        Retention.BULK,
        pseudonymous="bulk_id participant_id consent_confirmed outcome code finding",
    ),
    # what comes from Qualli.life on its way in
    "import_run": Kept(
        _A,
        Purpose.IMPORT,
        Retention.CONTRACT,
        personal="started_by decided_by upload",
        pseudonymous="started_by_account_id",
        technical="token_id request_key request_digest "
        "mode door dry_run state exported_at created_at finished_at progress total counts notices kinds everyone_stays "
        f"profiles_stay problem problem_values emptied_at step cursor {_LEASE}",
    ),
    "import_line": Kept(
        _P,
        Purpose.IMPORT,
        Retention.IMPORT,
        personal="number lookup_key refers_to values secret",
        technical="import_id kind line good",
    ),
    "import_rejection": Kept(
        _P, Purpose.IMPORT, Retention.PAYLOAD, pseudonymous="file line column code", technical="import_id"
    ),
    # who works with the system
    "account": _account(
        personal="email name initials role password_hash signed_in_at",
        pseudonymous="mediator_id disabled_at created_at gets_mails language link_seen_by_id",
    ),
    "login_session": Kept(
        _A,
        Purpose.ACCESS,
        Retention.SESSION,
        personal="browser",
        pseudonymous="token_hash account_id data created_at seen_at ended_at",
    ),
    "one_time_link": Kept(
        _A,
        Purpose.ACCESS,
        Retention.LINK,
        pseudonymous="token_hash account_id created_at expires_at used_at seen_by_id",
    ),
    "second_factor": _account(
        personal="secret_encrypted",
        pseudonymous="account_id created_at confirmed_at",
        technical="last_step recovery_salt",
    ),
    "recovery_code": _account(pseudonymous="account_id code_hash used_at"),
    "linked_identity": _account(personal="subject", pseudonymous="account_id linked_at", technical="issuer"),
    "notice": Kept(
        _N,
        Purpose.OPERATION,
        Retention.NOTICE,
        technical="kind subject level notified_level notified_at data opened_at closed_at",
    ),
    "notice_seen": Kept(
        _A, Purpose.OPERATION, Retention.NOTICE, pseudonymous="notice_id account_id level seen_at"
    ),
    "digest_day": Kept(_N, Purpose.OPERATION, Retention.MAIL, technical="scope local_date made_at"),
    "mail": Kept(
        _A,
        Purpose.OPERATION,
        Retention.MAIL,
        personal="secret_encrypted",
        pseudonymous="account_id data",
        technical="channel key kind notice_id state created_at due_at sent_at attempts problem lease_until fence",
    ),
    "api_token": Kept(
        _A,
        Purpose.IMPORT,
        Retention.CONTRACT,
        personal="created_by revoked_by",
        technical="name token_hash hint created_at expires_at revoked_at last_used_at",
    ),
    "search_term": Kept(
        _P,
        Purpose.OPERATION,
        Retention.SEARCH,
        personal="text",
        pseudonymous="account_id created_at",
        technical="key",
    ),
    "state_count": _system(technical="status phase findings troubled needs_action number"),
    "tenant_version": _system(technical="number"),
    "saved_view": Kept(
        _A,
        Purpose.OPERATION,
        Retention.ACCOUNT,
        personal="name",
        pseudonymous="account_id created_at",
        technical="query shared",
    ),
    # accountability
    "audit_entry": Kept(
        _A,
        Purpose.ACCOUNTABILITY,
        Retention.CONTRACT,
        personal="by address data",  # initials that were set stand in the data
        pseudonymous="account_id role subject_id at event subject",
        technical="seal_key",
    ),
    "erased_entry": _evidence(technical="kind entry_id at seal_key"),
    "erasure_run": _evidence(
        technical=f"local_date state created_at finished_at people entries parts problem {_LEASE}"
    ),
    "seal": _evidence(technical="chain number key at contents digest"),
    # the system itself
    "tenant": _system(
        technical="slug name federal_state licence_from licence_until time_zone transfer_time next_transfer_at "
        "sends_social_insurance_number brake_minimum brake_percent brake_days brake_order_minimum protocol_months "
        "payload_days next_erasure_at newest_exports states_checked_at states_cursor states_drifted created_at"
    ),
    "connection": _system(
        technical="network state token_encrypted opened_at closed_at last_sequence attempted_sequence "
        "committed_sequence network_sequence needs_full reconcile_since failures paused_until pause_is_ordered "
        "probe_at quarantined_at problem provider_id provider_bound_at shares_provider holdings_known account_doubt "
        "doubted_since found_provider_id found_provider_name network_name network_licensed_until "
        "max_part_bytes encodings checked_at"
    ),
    "heartbeat": Kept(_N, Purpose.OPERATION, Retention.DAY, technical="name kind started_at seen_at"),
}
"""Every table."""
