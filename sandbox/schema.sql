-- Times are UTC text, 2026-01-31T12:00:00.000000Z; dates are ISO text.

CREATE TABLE IF NOT EXISTS setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS provider (
    provider_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    network TEXT NOT NULL CHECK (network IN ('jobnetzwerk', 'job4you')),
    token_hash TEXT NOT NULL UNIQUE,
    licensed_until TEXT,
    max_part_bytes INTEGER NOT NULL,
    encodings TEXT NOT NULL,
    mediators_known INTEGER NOT NULL,
    answer_delay_seconds REAL,
    created_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS delivery (
    delivery_id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES provider,
    idempotency_key TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('full', 'delta')),
    base_sequence INTEGER,
    created_at TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'committed', 'abandoned')),
    receipt_id TEXT,
    committed_at TEXT,
    processed_at TEXT,
    complete_early INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider_id, idempotency_key)
);
-- The network never takes in two deliveries of one provider under the same number.
CREATE UNIQUE INDEX IF NOT EXISTS delivery_committed
    ON delivery (provider_id, sequence) WHERE state = 'committed';
CREATE INDEX IF NOT EXISTS delivery_waiting
    ON delivery (provider_id, sequence) WHERE state = 'committed' AND processed_at IS NULL;

CREATE TABLE IF NOT EXISTS part (
    delivery_id TEXT NOT NULL REFERENCES delivery ON DELETE CASCADE,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
);

CREATE TABLE IF NOT EXISTS part_record (
    delivery_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    mediator_id TEXT,
    order_id TEXT,
    record TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number, line),
    FOREIGN KEY (delivery_id, number) REFERENCES part ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS part_record_subject ON part_record (delivery_id, type, subject_id);

-- Only a given answer has a position; a held one gets it when it is released, a lost one never.
CREATE TABLE IF NOT EXISTS acknowledgement (
    acknowledgement_id INTEGER PRIMARY KEY,
    delivery_id TEXT NOT NULL REFERENCES delivery,
    position INTEGER,
    fate TEXT NOT NULL CHECK (fate IN ('given', 'held', 'lost')),
    rule_id INTEGER,
    subject TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    applicant_id TEXT,
    reason TEXT,
    detail TEXT,
    at TEXT NOT NULL,
    UNIQUE (delivery_id, position)
);
CREATE INDEX IF NOT EXISTS acknowledgement_subject ON acknowledgement (subject_id);
CREATE INDEX IF NOT EXISTS acknowledgement_rule ON acknowledgement (rule_id) WHERE fate = 'held';

CREATE TABLE IF NOT EXISTS applicant (
    provider_id TEXT NOT NULL REFERENCES provider,
    participant_id TEXT NOT NULL,
    applicant_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('active', 'archived')),
    reason TEXT,
    detail TEXT,
    record TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (provider_id, participant_id)
);

CREATE TABLE IF NOT EXISTS applicant_number (
    network TEXT PRIMARY KEY,
    last INTEGER NOT NULL
);

-- known: 1 or 0 where somebody decided by hand, NULL where the provider's default counts.
CREATE TABLE IF NOT EXISTS mediator (
    provider_id TEXT NOT NULL REFERENCES provider,
    mediator_id TEXT NOT NULL,
    known INTEGER,
    last_name TEXT,
    first_name TEXT,
    PRIMARY KEY (provider_id, mediator_id)
);

CREATE TABLE IF NOT EXISTS forced_outcome (
    provider_id TEXT NOT NULL REFERENCES provider,
    participant_id TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('active', 'archived', 'rejected', 'refused')),
    reason TEXT,
    detail TEXT,
    PRIMARY KEY (provider_id, participant_id)
);

CREATE TABLE IF NOT EXISTS misbehaviour (
    rule_id INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL,
    provider_id TEXT,
    kind TEXT NOT NULL,
    parameters TEXT NOT NULL,
    remaining INTEGER,
    used INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS request_seen (
    request_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    operation TEXT,
    provider_id TEXT,
    sequence INTEGER,
    status INTEGER,
    duration_ms INTEGER
);
