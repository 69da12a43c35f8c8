-- +goose Up

-- A case judges one version of one proposal. The rules that must hold whatever the code does are constraints here:
-- the names end up in answers to callers, so they are part of the contract.
CREATE TABLE case_file (
    case_id           uuid        NOT NULL,
    version           bigint      NOT NULL,             -- of the case, equal to its newest event's
    proposal_id       uuid        NOT NULL,
    proposal_version  bigint      NOT NULL,
    family_id         uuid        NOT NULL,
    base_version      bigint      NOT NULL,             -- family version the proposal was made against, 0 = new
    kind              text        NOT NULL,
    status            text        NOT NULL,
    area              text COLLATE "C" NOT NULL,        -- village; byte order, so that a prefix is a range
    to_area           text        NOT NULL,
    proposer          uuid        NOT NULL,
    verifier          uuid,
    approver          uuid,
    proposal_reason   text        NOT NULL,             -- why the proposer asks
    reason_code       text        NOT NULL,             -- why an officer returned or rejected
    warnings          text[]      NOT NULL,
    person_ids        uuid[]      NOT NULL,             -- the persons of the proposal; the three arrays are parallel
    identity_versions bigint[]    NOT NULL,
    matches           boolean[]   NOT NULL,             -- true: a verdict is due for this identity version
    opened_at         timestamptz NOT NULL,
    decided_at        timestamptz,
    CONSTRAINT case_file_pkey PRIMARY KEY (case_id),
    CONSTRAINT case_one_per_proposal_version UNIQUE (proposal_id, proposal_version),
    CONSTRAINT case_status_known CHECK (status IN ('opened', 'verified', 'approved', 'returned', 'rejected', 'outdated')),
    CONSTRAINT case_kind_known CHECK (kind IN ('usulan', 'perbaikan', 'nonaktif', 'pindah')),
    CONSTRAINT case_verifier_not_proposer CHECK (verifier <> proposer),
    CONSTRAINT case_approver_not_proposer CHECK (approver <> proposer),
    CONSTRAINT case_approver_not_verifier CHECK (approver <> verifier),
    CONSTRAINT case_verified_by_someone CHECK (status NOT IN ('verified', 'approved') OR verifier IS NOT NULL),
    CONSTRAINT case_approved_by_someone CHECK (status <> 'approved' OR (approver IS NOT NULL AND verifier IS NOT NULL)),
    CONSTRAINT case_refusal_has_reason CHECK (status NOT IN ('returned', 'rejected') OR reason_code <> ''),
    CONSTRAINT case_persons_parallel CHECK (
        cardinality(person_ids) = cardinality(identity_versions) AND cardinality(person_ids) = cardinality(matches))
);

-- The queue: one index serves village, regency, province and nation, because an area is a range of village codes.
CREATE INDEX case_queue ON case_file (status, area, case_id) WHERE status IN ('opened', 'verified');

-- A proposal has at most one case that still waits for somebody.
CREATE UNIQUE INDEX case_one_waiting_per_proposal ON case_file (proposal_id) WHERE status IN ('opened', 'verified');

-- What was proposed, for the officers' eyes. Apart from case_file, so that a decision does not copy it.
CREATE TABLE case_value (
    case_id  uuid NOT NULL,
    identity json,
    survey   json,
    CONSTRAINT case_value_pkey PRIMARY KEY (case_id),
    CONSTRAINT case_value_case FOREIGN KEY (case_id) REFERENCES case_file (case_id)
);

-- What the civil registry said of one identity version of a person.
CREATE TABLE verdict (
    person_id        uuid        NOT NULL,
    identity_version bigint      NOT NULL,
    verdict          text        NOT NULL,
    match_version    bigint      NOT NULL,
    evidence         json,
    decided_at       timestamptz NOT NULL,
    CONSTRAINT verdict_pkey PRIMARY KEY (person_id, identity_version),
    CONSTRAINT verdict_known CHECK (verdict IN ('padan', 'tidak_padan', 'perlu_ditinjau'))
);

-- The values in force of a family or a person, to lay beside what a proposal would make of them.
CREATE TABLE record (
    record_id uuid   NOT NULL,
    unit      text   NOT NULL,
    family_id uuid   NOT NULL,
    version   bigint NOT NULL,
    state     text   NOT NULL,
    area      text   NOT NULL,
    identity  json,
    survey    json,
    CONSTRAINT record_pkey PRIMARY KEY (record_id),
    CONSTRAINT record_unit_known CHECK (unit IN ('family', 'person'))
);

CREATE INDEX record_family ON record (family_id);
