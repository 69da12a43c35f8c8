-- +goose Up

-- An in-app notification: somebody of a role in an area has something to do. Writing the row is delivering it, so it
-- joins the transaction that consumed the event and can neither be lost nor doubled.
CREATE TABLE notification (
    notification_id uuid        NOT NULL,
    event_id        uuid        NOT NULL,
    rule            text        NOT NULL,
    role            text        NOT NULL,
    area            text COLLATE "C" NOT NULL, -- village or wider; 00 = national
    regency         text COLLATE "C" NOT NULL, -- first two levels of area
    about           text        NOT NULL,      -- noun.id of the aggregate; its next event ends this notification
    params          json        NOT NULL,      -- ids, codes and area: what the text is made from
    created_at      timestamptz NOT NULL,
    done_at         timestamptz,
    CONSTRAINT notification_pkey PRIMARY KEY (notification_id),
    CONSTRAINT notification_once UNIQUE (event_id, rule, role)
);

CREATE INDEX notification_inbox ON notification (regency, role, notification_id);
CREATE INDEX notification_waiting ON notification (about) WHERE done_at IS NULL;

-- A notification goes to a role; that it was read is said per person.
CREATE TABLE notification_read (
    notification_id uuid        NOT NULL,
    person_id       uuid        NOT NULL,
    read_at         timestamptz NOT NULL,
    CONSTRAINT notification_read_pkey PRIMARY KEY (notification_id, person_id),
    CONSTRAINT notification_read_of FOREIGN KEY (notification_id) REFERENCES notification (notification_id)
);

-- A delivery is an effect outside the system, written down before it happens. The intent joins the transaction that
-- consumed the event; sending is a matter of its own, see docs in sender.go.
CREATE TABLE delivery (
    delivery_id uuid        NOT NULL,
    event_id    uuid        NOT NULL,
    rule        text        NOT NULL,
    channel     text        NOT NULL,
    recipient   text        NOT NULL, -- mailbox of a function, or id of a webhook
    area        text COLLATE "C" NOT NULL,
    subject     text        NOT NULL, -- e-mail only
    body        text        NOT NULL,
    state       text        NOT NULL,
    attempts    integer     NOT NULL,
    code        text        NOT NULL, -- result of the newest attempt
    next_at     timestamptz NOT NULL, -- when pending: not before
    claimed_at  timestamptz,          -- when sending: since
    created_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    resolved_by uuid,                 -- person who decided an unknown one
    CONSTRAINT delivery_pkey PRIMARY KEY (delivery_id),
    CONSTRAINT delivery_once UNIQUE (event_id, rule, recipient, channel),
    CONSTRAINT delivery_channel_known CHECK (channel IN ('email', 'webhook')),
    CONSTRAINT delivery_state_known CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown')),
    CONSTRAINT delivery_sending_since CHECK (state <> 'sending' OR claimed_at IS NOT NULL),
    CONSTRAINT delivery_end_dated CHECK ((state IN ('sent', 'failed', 'unknown')) = (ended_at IS NOT NULL))
);

CREATE INDEX delivery_due ON delivery (next_at) WHERE state = 'pending';
CREATE INDEX delivery_held ON delivery (claimed_at) WHERE state = 'sending';
CREATE INDEX delivery_open_question ON delivery (delivery_id) WHERE state IN ('unknown', 'failed');

-- Who wants events as signed HTTP requests. The secret signs; it is shown once, to whoever made the subscription.
CREATE TABLE webhook (
    webhook_id text        NOT NULL,
    url        text        NOT NULL,
    secret     bytea       NOT NULL,
    events     text[]      NOT NULL, -- event types
    filter     text        NOT NULL, -- programme or unit; all = every one
    area       text        NOT NULL, -- 00 = national
    active     boolean     NOT NULL,
    created_by uuid        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_pkey PRIMARY KEY (webhook_id),
    CONSTRAINT webhook_secret_length CHECK (octet_length(secret) BETWEEN 24 AND 64)
);
