-- +goose Up
-- Append-only: what became of each call. A call under way when its worker died is there as 'lost'.
CREATE TABLE call (
	person_id        uuid        NOT NULL,
	identity_version bigint      NOT NULL,
	call             int         NOT NULL, -- 1..n for that identity version
	started_at       timestamptz NOT NULL,
	ended_at         timestamptz NOT NULL,
	outcome          text        NOT NULL,
	code             text        NOT NULL, -- RESPONSE_CODE, '' where there was none
	CONSTRAINT call_pkey PRIMARY KEY (person_id, identity_version, call),
	CONSTRAINT call_outcome_known CHECK (outcome IN ('verdict', 'quota', 'hours', 'setup', 'incomplete', 'unknown', 'timeout', 'network', 'status', 'malformed', 'lost'))
);

-- Dukcapil's quota, by its own day (WIB).
CREATE TABLE quota_day (
	day          date        NOT NULL,
	calls        bigint      NOT NULL,
	verdicts     bigint      NOT NULL,
	remain       bigint,               -- quotaLimiter as last seen
	seen_at      timestamptz NOT NULL,
	last_at      timestamptz NOT NULL, -- the last call of all
	last_outcome text        NOT NULL,
	last_code    text        NOT NULL,
	CONSTRAINT quota_day_pkey PRIMARY KEY (day)
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE quota_day, call;
