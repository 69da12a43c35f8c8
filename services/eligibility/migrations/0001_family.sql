-- +goose Up
-- What eligibility knows of families, the verdicts on identities, and the decisions that follow. No names, no NIK.

-- One row per family: the newest event's facts, and the score that follows from them.
CREATE TABLE family (
	family_id     uuid        NOT NULL PRIMARY KEY,
	version       bigint      NOT NULL,
	recorded_at   timestamptz NOT NULL, -- of the event that brought these facts
	active        boolean     NOT NULL,
	area          text        NOT NULL,
	regency       text        NOT NULL GENERATED ALWAYS AS (left(area, 5)) STORED,
	head          uuid        NOT NULL, -- person; all zeros where nobody is recorded as head
	head_identity bigint      NOT NULL, -- identity version of the head that is in force
	facts         bytea       NOT NULL, -- package fact
	model         text        NOT NULL,
	score         bigint,               -- null: too few answers
	CONSTRAINT family_area_village CHECK (area ~ '^[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]{4}$'),
	CONSTRAINT family_version_positive CHECK (version > 0)
) WITH (fillfactor = 90);
CREATE INDEX family_regency ON family (regency, family_id);
CREATE INDEX family_head ON family (head, head_identity);

-- The newest verdict on each identity version of a person. A row with version 0 holds the place of a verdict that a
-- decision has looked for: it makes the verdict's transaction and the family's wait for each other.
CREATE TABLE verdict (
	person_id        uuid        NOT NULL,
	identity_version bigint      NOT NULL,
	version          bigint      NOT NULL, -- of the event
	recorded_at      timestamptz NOT NULL,
	verdict          text        NOT NULL, -- '' while version is 0
	CONSTRAINT verdict_pkey PRIMARY KEY (person_id, identity_version),
	CONSTRAINT verdict_given CHECK ((version = 0) = (verdict = ''))
) WITH (fillfactor = 90);

-- The decision in force for each family and programme, and what was last published of it.
CREATE TABLE decision (
	family_id        uuid        NOT NULL REFERENCES family,
	programme        text        NOT NULL,
	outcome          text        NOT NULL,
	reasons          text        NOT NULL, -- codes, separated by spaces
	clauses          text        NOT NULL, -- one answer a clause: t f u e -
	components       text        NOT NULL, -- codes, separated by spaces
	amount           bigint      NOT NULL, -- rupiah a year
	decile           smallint    NOT NULL, -- 0 = none
	score            bigint,
	cutoff           bigint,               -- upper bound of the decile; null in the tenth and without a score
	release          text        NOT NULL,
	model            text        NOT NULL,
	rule_set         text        NOT NULL, -- '' where no rule set was in force
	family_version   bigint      NOT NULL,
	verdict_person   uuid        NOT NULL, -- the head
	verdict_identity bigint      NOT NULL, -- identity version in force when it was decided
	verdict_version  bigint      NOT NULL, -- of the verdict it rests on, 0 = none
	decided_on       date        NOT NULL, -- the day the rules were evaluated for
	digest           bytea       NOT NULL, -- of all columns above
	published        bytea,                -- digest of outcome, amount, basis and area as last published; null = never
	published_area   text,                 -- village as last published
	decided_at       timestamptz NOT NULL DEFAULT now(), -- not part of the derived state
	CONSTRAINT decision_pkey PRIMARY KEY (family_id, programme),
	CONSTRAINT decision_outcome_known CHECK (outcome IN ('entitled', 'not_entitled', 'undetermined')),
	CONSTRAINT decision_amount_entitled CHECK (amount >= 0 AND (amount = 0 OR outcome = 'entitled')),
	CONSTRAINT decision_published_whole CHECK ((published IS NULL) = (published_area IS NULL))
) WITH (fillfactor = 85);
