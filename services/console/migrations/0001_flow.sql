-- +goose Up
-- Read models only: everything here follows from the five streams and may be dropped and built anew (console rebuild).
-- Areas are Kemendagri codes without village: 00 all of Indonesia, 32 a province, 32.04 a regency. Counts are kept for
-- all three levels as they change, because a screen reads them every second and an event changes three rows.

-- The newest state of every aggregate, so that a change can be taken off where it was and put where it is.
CREATE TABLE item (
	id      uuid        NOT NULL,
	noun    text        NOT NULL CONSTRAINT item_noun_known
	        CHECK (noun IN ('proposal', 'case', 'match', 'family', 'person', 'entitlement', 'delivery')),
	filter  text        NOT NULL, -- kind, programme or channel; '' where there is none
	area    text        NOT NULL,
	state   text        NOT NULL,
	version bigint      NOT NULL CONSTRAINT item_version_positive CHECK (version > 0),
	since   timestamptz NOT NULL, -- when it entered this state, by the envelope
	origin  timestamptz,          -- family: when the proposal in force was made
	PRIMARY KEY (id, noun, filter)
);

CREATE TABLE tally (
	area   text   NOT NULL,
	noun   text   NOT NULL,
	filter text   NOT NULL,
	state  text   NOT NULL,
	n      bigint NOT NULL, -- aggregates in this state now
	PRIMARY KEY (area, noun, filter, state)
) WITH (fillfactor = 50);

-- Events a ten-second slot, kept for an hour.
CREATE TABLE volume (
	area text        NOT NULL,
	noun text        NOT NULL,
	at   timestamptz NOT NULL,
	n    bigint      NOT NULL,
	PRIMARY KEY (area, at, noun)
) WITH (fillfactor = 50);

-- Latencies as a histogram per minute, kept for an hour. Slot s holds milliseconds from 2^(s/8)-1 to 2^((s+1)/8)-1.
CREATE TABLE lapse (
	area  text        NOT NULL,
	stage text        NOT NULL,
	at    timestamptz NOT NULL,
	slot  smallint    NOT NULL,
	n     bigint      NOT NULL,
	PRIMARY KEY (area, at, stage, slot)
) WITH (fillfactor = 50);

-- event_id tells decisions that a release brought about from those that a registrant did.
CREATE TABLE release (
	id          text        PRIMARY KEY,
	event_ids   uuid[]      NOT NULL,
	version     bigint      NOT NULL,
	model       text        NOT NULL,
	cutoffs     bigint[]    NOT NULL,
	families    bigint      NOT NULL,
	changed     bigint      NOT NULL,
	complete    boolean     NOT NULL,
	released_at timestamptz NOT NULL
);
