-- +goose Up
-- One row per person and identity version: first a job, then a verdict. That it is one row makes "asked once" a primary
-- key, and lets the matched fields go as soon as the verdict is there.
CREATE TABLE match (
	person_id        uuid        NOT NULL,
	identity_version bigint      NOT NULL,
	family_id        uuid        NOT NULL,
	area             text        NOT NULL, -- village, as the event said that brought the job
	state            text        NOT NULL,
	digest           bytea       NOT NULL, -- of the matched fields: a version must never stand for two sets of them
	identity         json,                 -- event.PersonIdentity, gone once decided
	due_at           timestamptz NOT NULL,
	calls            int         NOT NULL DEFAULT 0, -- every call written down before it was made
	failures         int         NOT NULL DEFAULT 0, -- calls that failed through no refusal of Dukcapil's; they lengthen the wait
	worker           int,                  -- who is calling
	reason           text,                 -- why it waits again, or is parked
	verdict          text,
	evidence         json,                 -- event.MatchEvidence
	decided_at       timestamptz,
	cause_id         text        NOT NULL DEFAULT '',
	trace_parent     text        NOT NULL DEFAULT '',
	created_at       timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT match_pkey PRIMARY KEY (person_id, identity_version),
	CONSTRAINT match_version_positive CHECK (identity_version > 0),
	CONSTRAINT match_state_known CHECK (state IN ('waiting', 'calling', 'parked', 'decided')),
	CONSTRAINT match_verdict_known CHECK (verdict IN ('padan', 'tidak_padan', 'perlu_ditinjau')),
	CONSTRAINT match_decided_whole CHECK ((state = 'decided') = (verdict IS NOT NULL AND evidence IS NOT NULL AND decided_at IS NOT NULL)),
	CONSTRAINT match_identity_only_while_needed CHECK ((state = 'decided') = (identity IS NULL)),
	CONSTRAINT match_calling_by_worker CHECK ((state = 'calling') = (worker IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX match_due ON match (due_at) WHERE state = 'waiting';
CREATE INDEX match_calling ON match (worker) WHERE state = 'calling';
CREATE INDEX match_parked ON match (created_at) WHERE state = 'parked';

-- What has been published about a person: the gate that keeps an older identity version from following a newer one, and
-- where the verdict's subject is now.
CREATE TABLE person (
	person_id        uuid   NOT NULL,
	family_id        uuid   NOT NULL,
	area             text   NOT NULL, -- village; the registry's once the person is registered
	identity_version bigint NOT NULL, -- of the verdict published last; 0 = none yet
	CONSTRAINT person_pkey PRIMARY KEY (person_id)
) WITH (fillfactor = 80);

-- +goose Down
DROP TABLE person, match;
