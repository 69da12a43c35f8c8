-- +goose Up
-- The backbone every service has: its events (outbox and archive in one), what it has consumed, its keys, and the
-- answers it has given to idempotent requests.

-- One row per aggregate this service owns. Its row lock is what orders an aggregate's events: the version, and the
-- sequence of the event, are drawn while it is held. It also keeps (aggregate, version) unique across partitions.
CREATE TABLE aggregate (
	aggregate_key text   NOT NULL,
	version       bigint NOT NULL,
	CONSTRAINT aggregate_pkey PRIMARY KEY (aggregate_key),
	CONSTRAINT aggregate_version_positive CHECK (version > 0)
) WITH (fillfactor = 80);

-- One sequence per lane: a release's fan-out never makes gaps in the live lane.
CREATE SEQUENCE event_live_seq AS bigint;
CREATE SEQUENCE event_release_seq AS bigint;

-- Append-only: no row is ever updated or deleted. What is published is told by relay, not by a mark on each row.
CREATE TABLE event (
	lane          smallint    NOT NULL,
	seq           bigint      NOT NULL,
	event_id      uuid        NOT NULL,
	type          text        NOT NULL,
	aggregate_key text        NOT NULL,
	version       bigint      NOT NULL,
	subject       text        NOT NULL,
	recorded_at   timestamptz NOT NULL,
	payload       bytea       NOT NULL,
	CONSTRAINT event_lane_known CHECK (lane IN (0, 1))
) PARTITION BY RANGE (recorded_at);
-- Sealed payloads do not compress: do not try.
ALTER TABLE event ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX event_lane_seq ON event (lane, seq);

-- +goose StatementBegin
-- Makes the partition of the month that holds at, when it is missing. Uniqueness of (aggregate, version) is kept by
-- the partition's own index within a month and by aggregate over all.
CREATE FUNCTION event_partition(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	first date := date_trunc('month', at AT TIME ZONE 'UTC')::date;
	name  text := 'event_' || to_char(first, 'YYYY_MM');
BEGIN
	IF to_regclass(name) IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('CREATE TABLE %I PARTITION OF event FOR VALUES FROM (%L) TO (%L) WITH (toast_tuple_target = 8160)',
		name, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
	EXECUTE format('CREATE UNIQUE INDEX %I ON %I (aggregate_key, version, type)', name || '_version', name);
END $$;
-- +goose StatementEnd

-- How far each lane has been published: every seq up to high but gaps. A gap is a number drawn by a transaction that
-- had not ended when a later one was seen; it is dropped once that transaction must have ended.
CREATE TABLE relay (
	lane smallint NOT NULL PRIMARY KEY,
	high bigint   NOT NULL DEFAULT 0,
	gaps bigint[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
INSERT INTO relay (lane) VALUES (0), (1);

-- Gate and inbox in one: the newest version of each aggregate that a consumer of this service has applied, and how
-- many versions it has applied in all.
CREATE TABLE applied (
	consumer      text   NOT NULL,
	aggregate_key text   NOT NULL,
	version       bigint NOT NULL,
	effects       bigint NOT NULL DEFAULT 1,
	CONSTRAINT applied_pkey PRIMARY KEY (consumer, aggregate_key)
) WITH (fillfactor = 80);

-- What a consumer could not apply: parked (may succeed later) or dead. It holds a reference, never the payload.
CREATE TABLE dead_letter (
	consumer      text        NOT NULL,
	event_id      text        NOT NULL,
	stream        text        NOT NULL,
	stream_seq    bigint      NOT NULL,
	subject       text        NOT NULL,
	aggregate_key text        NOT NULL,
	version       bigint      NOT NULL,
	kind          text        NOT NULL,
	code          text        NOT NULL,
	parked        boolean     NOT NULL,
	tries         int         NOT NULL,
	failed_at     timestamptz NOT NULL DEFAULT now(),
	redrive       boolean     NOT NULL DEFAULT false, -- an operator asked for another try
	redriven_at   timestamptz,                        -- it succeeded
	CONSTRAINT dead_letter_pkey PRIMARY KEY (consumer, event_id)
);

-- Totals per consumer and stream, for people and for invariant I9.
CREATE TABLE consumed (
	consumer   text   NOT NULL,
	stream     text   NOT NULL,
	applied    bigint NOT NULL DEFAULT 0,
	superseded bigint NOT NULL DEFAULT 0,
	parked     bigint NOT NULL DEFAULT 0,
	dead       bigint NOT NULL DEFAULT 0,
	CONSTRAINT consumed_pkey PRIMARY KEY (consumer, stream)
) WITH (fillfactor = 50);

-- Day keys of this service's own field classes, wrapped by the key encryption key, and to whom they were granted.
CREATE TABLE seal_key (
	class   text  NOT NULL,
	day     date  NOT NULL,
	wrapped bytea NOT NULL,
	CONSTRAINT seal_key_pkey PRIMARY KEY (class, day)
);
CREATE TABLE seal_granted (
	class     text NOT NULL,
	day       date NOT NULL,
	recipient text NOT NULL,
	CONSTRAINT seal_granted_pkey PRIMARY KEY (class, day, recipient)
);
-- Day keys others granted to this service, still sealed to its key pair.
CREATE TABLE seal_grant (
	owner  text  NOT NULL,
	class  text  NOT NULL,
	day    date  NOT NULL,
	sealed bytea NOT NULL,
	CONSTRAINT seal_grant_pkey PRIMARY KEY (owner, class, day)
);

-- The answer given to each idempotent request, written with its effect.
CREATE TABLE idempotency (
	principal  text        NOT NULL,
	route      text        NOT NULL,
	key        text        NOT NULL,
	body_hash  bytea       NOT NULL,
	status     int         NOT NULL,
	body       bytea       NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT idempotency_pkey PRIMARY KEY (principal, route, key)
);
-- Answers to batches are some hundred kilobytes of ids: compressing them costs more than it saves.
ALTER TABLE idempotency ALTER COLUMN body SET STORAGE EXTERNAL;
