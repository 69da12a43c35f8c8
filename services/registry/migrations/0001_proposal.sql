-- +goose Up
-- What has been proposed, by whom, and whose record it concerns. A proposal's values are not yet true.

-- One row per family ever proposed: (source, source_id) names it for whoever entered it. The row is the lock under
-- which proposals of one family are made, and points at the newest of them.
CREATE TABLE family_source (
	source      text  COLLATE "C" NOT NULL,
	source_id   text  COLLATE "C" NOT NULL,
	family_id   uuid  NOT NULL,
	proposal_id uuid  NOT NULL,
	digest      bytea NOT NULL, -- of what this source last sent: the same again changes nothing
	CONSTRAINT family_source_pkey PRIMARY KEY (source, source_id),
	CONSTRAINT family_source_named CHECK (source <> '' AND source_id <> '')
) WITH (fillfactor = 90);

CREATE TABLE proposal (
	proposal_id  uuid        NOT NULL,
	family_id    uuid        NOT NULL,
	version      bigint      NOT NULL, -- of the proposal.updated event
	kind         text        NOT NULL,
	status       text        NOT NULL,
	by_source    boolean     NOT NULL, -- entered under (source, source_id), as an import does
	area         text        COLLATE "C" NOT NULL,
	to_area      text        COLLATE "C",
	base_version bigint      NOT NULL,
	proposer     text        NOT NULL, -- person id
	proposed_at  timestamptz NOT NULL,
	reason_code  text,
	source       text        NOT NULL,
	source_id    text        NOT NULL,
	content      json        NOT NULL, -- the whole state it would bring
	people       json        NOT NULL, -- person ids, identity versions and findings of its members
	case_id      uuid,
	verifier     text,
	approver     text,
	decided_at   timestamptz,
	CONSTRAINT proposal_pkey PRIMARY KEY (proposal_id),
	CONSTRAINT proposal_kind_known CHECK (kind IN ('usulan', 'perbaikan', 'nonaktif', 'pindah')),
	CONSTRAINT proposal_status_known CHECK (status IN ('open', 'returned', 'applied', 'rejected')),
	CONSTRAINT proposal_version_positive CHECK (version > 0),
	CONSTRAINT proposal_base CHECK ((kind = 'usulan') = (base_version = 0)),
	CONSTRAINT proposal_move_names_target CHECK (kind <> 'pindah' OR to_area IS NOT NULL),
	CONSTRAINT proposal_four_eyes CHECK (verifier IS NULL OR (proposer <> verifier AND proposer <> approver AND verifier <> approver))
);
-- One proposal of a family waits at a time.
CREATE UNIQUE INDEX proposal_one_open ON proposal (family_id) WHERE status IN ('open', 'returned');

-- Who uses which NIK, in force or proposed: a NIK under two persons is stored and reported, never refused.
CREATE TABLE nik_claim (
	nik       text COLLATE "C" NOT NULL,
	person_id uuid NOT NULL,
	CONSTRAINT nik_claim_pkey PRIMARY KEY (nik, person_id)
);

-- Work for whoever repairs identities. Closed when the civil registry agrees or the identity changes.
CREATE TABLE repair (
	person_id        uuid        NOT NULL,
	identity_version bigint      NOT NULL,
	code             text        NOT NULL,
	family_id        uuid        NOT NULL,
	area             text        COLLATE "C" NOT NULL,
	opened_at        timestamptz NOT NULL,
	closed_at        timestamptz,
	closed_by        text, -- padan, identity_changed or rejected
	CONSTRAINT repair_pkey PRIMARY KEY (person_id, identity_version, code),
	CONSTRAINT repair_closed_with_reason CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX repair_open ON repair (area, person_id, identity_version, code) WHERE closed_at IS NULL;
