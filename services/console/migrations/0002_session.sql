-- +goose Up
-- A signed-in browser. The cookie holds a secret that is not stored: its digest finds the row and a key derived from it
-- opens the sealed access token, so that this table alone lets nobody in.
CREATE TABLE session (
	digest     bytea       PRIMARY KEY CONSTRAINT session_digest_length CHECK (octet_length(digest) = 32),
	sealed     bytea       NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL
);
CREATE INDEX session_expires_at ON session (expires_at);
