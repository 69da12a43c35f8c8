-- +goose Up
-- Several replicas may ask for the same month's partition at once: one makes it, the others wait and find it.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION event_partition(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	first date := date_trunc('month', at AT TIME ZONE 'UTC')::date;
	name  text := 'event_' || to_char(first, 'YYYY_MM');
BEGIN
	IF to_regclass(name) IS NOT NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(47004);
	IF to_regclass(name) IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('CREATE TABLE %I PARTITION OF event FOR VALUES FROM (%L) TO (%L) WITH (toast_tuple_target = 8160)',
		name, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
	EXECUTE format('CREATE UNIQUE INDEX %I ON %I (aggregate_key, version, type)', name || '_version', name);
END $$;
-- +goose StatementEnd
