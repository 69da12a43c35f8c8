-- +goose Up
-- Rank releases: cut-offs over the whole population, put into force by one pointer.

CREATE TABLE release (
	release_id   text        NOT NULL PRIMARY KEY,
	model        text        NOT NULL,
	cutoffs      bigint[]    NOT NULL,
	input_digest text        NOT NULL, -- of the (family, score) pairs that were ranked
	families     bigint      NOT NULL,
	released_at  timestamptz NOT NULL,
	released_by  text        NOT NULL, -- person id; '' for the cut-offs a model starts with
	event_id     text        NOT NULL, -- rank.released, first version; '' for the cut-offs a model starts with
	CONSTRAINT release_cutoffs_nine CHECK (cardinality(cutoffs) = 9)
);

-- +goose StatementBegin
CREATE FUNCTION release_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'a release is never changed' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'release_immutable';
END $$;
-- +goose StatementEnd
CREATE TRIGGER release_immutable BEFORE UPDATE OR DELETE ON release FOR EACH ROW EXECUTE FUNCTION release_immutable();

-- The pointer: one row.
CREATE TABLE release_in_force (
	only_one   boolean NOT NULL PRIMARY KEY DEFAULT true,
	release_id text    NOT NULL REFERENCES release,
	CONSTRAINT release_in_force_one CHECK (only_one)
);

-- How far a release's fan-out has come, by regency: families up to position have been decided anew.
CREATE TABLE fanout (
	release_id text    NOT NULL REFERENCES release,
	regency    text    NOT NULL,
	position   uuid    NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	families   bigint  NOT NULL DEFAULT 0,
	changed    bigint  NOT NULL DEFAULT 0, -- decisions published
	done       boolean NOT NULL DEFAULT false,
	CONSTRAINT fanout_pkey PRIMARY KEY (release_id, regency)
) WITH (fillfactor = 50);

-- Releases whose fan-out is complete.
CREATE TABLE release_complete (
	release_id   text        NOT NULL PRIMARY KEY REFERENCES release,
	changed      bigint      NOT NULL,
	completed_at timestamptz NOT NULL
);
