-- +goose Up
-- The state in force. Every change of a row here is announced by registrant.updated in the same transaction; version
-- is that event's. Rows are superseded there, version by version, and never deleted here.

CREATE TABLE family (
	family_id       uuid        NOT NULL,
	version         bigint      NOT NULL,
	content_version bigint      NOT NULL, -- version at which values last changed; verdicts raise version only
	state           text        NOT NULL,
	area            text        COLLATE "C" NOT NULL,
	source          text        NOT NULL,
	source_id       text        NOT NULL,
	kk              text        NOT NULL,
	address         text        NOT NULL,
	instrument      text        NOT NULL,
	answers         json        NOT NULL,
	proposal_id     uuid        NOT NULL,
	actor           text        NOT NULL, -- person id of who approved
	reason_code     text        NOT NULL,
	updated_at      timestamptz NOT NULL,
	CONSTRAINT family_pkey PRIMARY KEY (family_id),
	CONSTRAINT family_state_known CHECK (state IN ('active', 'inactive')),
	CONSTRAINT family_version_order CHECK (0 < content_version AND content_version <= version)
) WITH (fillfactor = 90);
-- Lists by area page along this key.
CREATE INDEX family_area ON family (area, family_id);

CREATE TABLE person (
	person_id        uuid   NOT NULL,
	family_id        uuid   NOT NULL,
	position         int    NOT NULL, -- order of the members as entered
	member_id        text   NOT NULL, -- the source's own id within the family
	version          bigint NOT NULL,
	identity_version bigint NOT NULL,
	state            text   NOT NULL,
	nik              text   NOT NULL,
	kk               text   NOT NULL,
	name             text   NOT NULL,
	birth_place      text   NOT NULL,
	birth_date       text   NOT NULL, -- 2006-01-02 or empty, as entered
	sex              text   NOT NULL,
	mother           text   NOT NULL,
	coded            json   NOT NULL, -- relation, school, health ...: codes of the instrument
	verdict          text,
	verdict_identity bigint, -- identity_version the verdict is about
	match_version    bigint, -- version of the match.decided event
	CONSTRAINT person_pkey PRIMARY KEY (person_id),
	CONSTRAINT person_family_fkey FOREIGN KEY (family_id) REFERENCES family,
	CONSTRAINT person_state_known CHECK (state IN ('active', 'inactive')),
	CONSTRAINT person_version_positive CHECK (version > 0 AND identity_version > 0),
	CONSTRAINT person_verdict_current CHECK (verdict IS NULL OR verdict_identity = identity_version)
) WITH (fillfactor = 90);
CREATE INDEX person_family ON person (family_id);

-- The newest verdict about each person, kept also while the person is not in force: the application carries it.
CREATE TABLE verdict (
	person_id        uuid   NOT NULL,
	identity_version bigint NOT NULL,
	verdict          text   NOT NULL,
	match_version    bigint NOT NULL,
	CONSTRAINT verdict_pkey PRIMARY KEY (person_id)
) WITH (fillfactor = 90);
