-- +goose Up
-- A release ranks each area for itself, and its changes are passed on in parts.

-- Members living there, by which a family weighs where releases weigh by person.
ALTER TABLE family ADD COLUMN size smallint NOT NULL DEFAULT 0;

-- The ranking of each area: cuts and boundary reports (package rank).
CREATE TABLE release_area (
	release_id text   NOT NULL REFERENCES release,
	area       text   NOT NULL, -- 00, 32, 32.04
	ranked     bytea  NOT NULL,
	families   bigint NOT NULL,
	weight     bigint NOT NULL,
	CONSTRAINT release_area_pkey PRIMARY KEY (release_id, area),
	CONSTRAINT release_area_somebody CHECK (families > 0 AND weight >= families)
);
ALTER TABLE release_area ALTER ranked SET STORAGE EXTERNAL; -- ids do not get smaller

-- Families of one regency whose deciles a release has changed, some hundreds at a time: the work list of its fan-out.
CREATE TABLE release_part (
	release_id text    NOT NULL REFERENCES release,
	part       integer NOT NULL,
	regency    text    NOT NULL,
	families   bytea   NOT NULL,              -- their ids, 16 bytes each
	count      integer NOT NULL,
	done       boolean NOT NULL DEFAULT false,
	changed    integer NOT NULL DEFAULT 0,    -- decisions published
	CONSTRAINT release_part_pkey PRIMARY KEY (release_id, part),
	CONSTRAINT release_part_ids CHECK (count > 0 AND length(families) = 16 * count)
) WITH (fillfactor = 70);
ALTER TABLE release_part ALTER families SET STORAGE EXTERNAL;
CREATE INDEX release_part_open ON release_part (release_id, part) WHERE NOT done;
