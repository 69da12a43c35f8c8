-- +goose Up
-- Administrative areas by Kemendagri code, loaded at start from the data the program carries.

CREATE TABLE area (
	code  text     COLLATE "C" NOT NULL,
	name  text     NOT NULL,
	level smallint NOT NULL, -- 1 province, 2 regency, 3 district, 4 village
	CONSTRAINT area_pkey PRIMARY KEY (code),
	CONSTRAINT area_level_of_code CHECK (length(code) = (ARRAY[2, 5, 8, 13])[level])
);

-- Digest of the data that is loaded, so that a warm start does nothing.
CREATE TABLE area_load (
	only_row  boolean     NOT NULL DEFAULT true,
	digest    text        NOT NULL,
	loaded_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT area_load_pkey PRIMARY KEY (only_row),
	CONSTRAINT area_load_one CHECK (only_row)
);
