-- +goose Up
-- All decisions of a family on one sheet, verdicts of every member, and releases that are ranked in the background.
-- What was there before knew no person ids and no places by area: it is rebuilt from the streams (dtks replay --switch).
ALTER TABLE decision RENAME TO decision_before;
DROP TABLE fanout;
ALTER TABLE decision_before DROP CONSTRAINT decision_family_id_fkey, DROP CONSTRAINT decision_pkey;
TRUNCATE family, verdict, release, release_in_force, release_complete CASCADE;

ALTER TABLE family DROP COLUMN head, DROP COLUMN head_identity;

-- The family that has this identity in force; null while no family's event has named it.
ALTER TABLE verdict ADD COLUMN family_id uuid;
CREATE INDEX verdict_family ON verdict (family_id);

-- Models, rule sets and programmes that decisions name by number. A file is kept as it was when it was first loaded, so
-- that every decision can be worked out again.
CREATE TABLE artefact (
	no        integer     NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind      text        NOT NULL,
	id        text        NOT NULL UNIQUE,
	body      bytea       NOT NULL, -- the file; empty for a programme
	loaded_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT artefact_kind_known CHECK (kind IN ('model', 'rules', 'programme'))
);

-- The files and programmes that decide now: one row. A process that has others does not decide.
CREATE TABLE engine_in_force (
	only_one boolean NOT NULL PRIMARY KEY DEFAULT true,
	files    text[]  NOT NULL, -- ids of rule sets and models, and programmes switched on, in order
	held_until timestamptz NOT NULL, -- after it nobody with these files is alive, and another process may take force
	CONSTRAINT engine_in_force_one CHECK (only_one)
);

-- One row per family: package decision. No names, no NIK.
CREATE TABLE decision (
	family_id  uuid        NOT NULL PRIMARY KEY,
	sheet      bytea       NOT NULL, -- decision.Engine.Encode
	content    bytea       NOT NULL, -- decision.Sheet.Content: the same whenever and by whichever release it was decided
	told       bytea       NOT NULL, -- numbers of the programmes that have been told of this family
	recheck_on date,                 -- first day on which an answer may change
	decided_at timestamptz NOT NULL DEFAULT now() -- not part of the derived state
) WITH (fillfactor = 85);
CREATE INDEX decision_recheck ON decision (recheck_on);

-- Whom programmes have been told of stays known, so that they learn what changes: an empty sheet is told again. Numbers
-- below 128 are single bytes.
INSERT INTO artefact (kind, id, body) SELECT DISTINCT 'programme', programme, ''::bytea FROM decision_before ORDER BY 2;
INSERT INTO decision (family_id, sheet, content, told)
	SELECT family_id, '', '', string_agg(set_byte('\x00', 0, no), ''::bytea ORDER BY no)
	FROM decision_before
	JOIN artefact ON id = programme
	WHERE published IS NOT NULL
	GROUP BY family_id;
DROP TABLE decision_before;

ALTER TABLE release
	ADD COLUMN no integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
	ADD COLUMN weights text NOT NULL,
	DROP COLUMN event_id;
ALTER TABLE release ADD CONSTRAINT release_weights_known CHECK (weights IN ('family', 'person'));
-- rank.released, first version; '' for the cut-offs a model starts with.
ALTER TABLE release_in_force ADD COLUMN event_id text NOT NULL;

-- A ranking that was asked for. It is done in the background and may be interrupted: the next process does it anew.
CREATE TABLE release_job (
	release_id   text        NOT NULL PRIMARY KEY,
	model        text        NOT NULL,
	weights      text        NOT NULL,
	requested_by text        NOT NULL, -- person id
	requested_at timestamptz NOT NULL,
	phase        text        NOT NULL,
	families     bigint      NOT NULL DEFAULT 0,  -- read so far
	attempts     integer     NOT NULL DEFAULT 0,  -- that failed
	refused      text        NOT NULL DEFAULT '', -- why, as a reason code
	CONSTRAINT release_job_phase_known CHECK (phase IN ('waiting', 'ranking', 'in_force', 'refused')),
	CONSTRAINT release_job_refused CHECK ((phase = 'refused') = (refused <> ''))
);
CREATE UNIQUE INDEX release_job_one ON release_job ((true)) WHERE phase IN ('waiting', 'ranking');

-- Families decided while a ranking reads: it may not have seen them as they are now.
CREATE TABLE release_touched (
	family_id uuid NOT NULL PRIMARY KEY
);

-- A ranking that was interrupted before it took force is no release yet: it is made anew.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION release_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM release_job WHERE release_id = OLD.release_id AND phase = 'ranking') THEN
		RETURN OLD;
	END IF;
	RAISE EXCEPTION 'a release is never changed' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'release_immutable';
END $$;
-- +goose StatementEnd
