-- +goose Up
-- Persons as the registry has them in force, to be compared with each other. The matched fields are personal data: they
-- are kept only while the person is in force.
CREATE TABLE registrant (
	person_id        uuid     NOT NULL,
	family_id        uuid     NOT NULL,
	area             text     NOT NULL, -- village
	version          bigint   NOT NULL, -- of the registry's event
	identity_version bigint   NOT NULL,
	identity         json,                          -- event.PersonIdentity; none = no longer in force
	nik              text     NOT NULL DEFAULT '',  -- the NIK where it is well-formed, to find others with the same
	keys             bigint[] NOT NULL DEFAULT '{}', -- those under which the person stands in duplicate_key
	due              bigint,                        -- ticket of the newest change that has not been compared; none = compared
	cause_id         text     NOT NULL DEFAULT '',
	trace_parent     text     NOT NULL DEFAULT '',
	CONSTRAINT registrant_pkey PRIMARY KEY (person_id),
	CONSTRAINT registrant_nik_only_in_force CHECK (nik = '' OR identity IS NOT NULL)
) WITH (fillfactor = 70);
CREATE SEQUENCE registrant_ticket;
CREATE INDEX registrant_due ON registrant (due) WHERE due IS NOT NULL;
CREATE INDEX registrant_nik ON registrant (nik) WHERE nik <> '';

-- Who is to be compared with whom: two persons under one key, as long as few are under it. Keys are hashes.
CREATE TABLE duplicate_key (
	key       bigint NOT NULL,
	person_id uuid   NOT NULL,
	CONSTRAINT duplicate_key_pkey PRIMARY KEY (key, person_id)
);

-- Pairs that look like one person, as they were published last.
CREATE TABLE duplicate (
	pair_id         uuid        NOT NULL, -- event.PairID
	first_id        uuid        NOT NULL,
	first_family    uuid        NOT NULL,
	first_area      text        NOT NULL,
	first_identity  bigint      NOT NULL, -- identity version that was compared
	second_id       uuid        NOT NULL,
	second_family   uuid        NOT NULL,
	second_area     text        NOT NULL,
	second_identity bigint      NOT NULL,
	outcome         text        NOT NULL,
	evidence        json        NOT NULL, -- event.DuplicateEvidence: findings and weights, no values
	model           text        NOT NULL,
	found_at        timestamptz NOT NULL,
	CONSTRAINT duplicate_pkey PRIMARY KEY (pair_id),
	CONSTRAINT duplicate_ordered CHECK (first_id < second_id),
	CONSTRAINT duplicate_outcome_known CHECK (outcome IN ('padan', 'perlu_ditinjau'))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX duplicate_first ON duplicate (first_id, second_id);
CREATE INDEX duplicate_second ON duplicate (second_id);
CREATE INDEX duplicate_first_area ON duplicate (first_area, pair_id);
CREATE INDEX duplicate_second_area ON duplicate (second_area, pair_id);

-- How far everybody has been compared anew under a model: what makes a new model, or a rebuild, go on after a stop.
CREATE TABLE duplicate_pass (
	model    text    NOT NULL,
	upto     uuid    NOT NULL, -- persons up to this one have been marked as due
	complete boolean NOT NULL DEFAULT false,
	CONSTRAINT duplicate_pass_pkey PRIMARY KEY (model)
);

-- +goose Down
DROP TABLE duplicate_pass, duplicate, duplicate_key, registrant;
DROP SEQUENCE registrant_ticket;
