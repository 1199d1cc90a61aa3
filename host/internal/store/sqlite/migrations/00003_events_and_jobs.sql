-- +goose Up

-- Both databases read these tables with the same statements (package ledger):
-- times are microseconds of Unix time, 0 for none.

-- One row: the id of the newest event. Who publishes holds it until the
-- commit, so that events become visible in the order of their ids.
CREATE TABLE event_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO event_head (id, last) VALUES (1, 0);

CREATE TABLE event_log (
    id           INTEGER PRIMARY KEY NOT NULL,
    topic        TEXT NOT NULL,
    key          TEXT NOT NULL,
    installation TEXT NOT NULL,
    plugin       TEXT NOT NULL,
    ref          TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    cause        BLOB,
    payload      BLOB
) STRICT;
CREATE INDEX event_log_publisher ON event_log (installation, id);

CREATE TABLE event_subscriptions (
    installation TEXT PRIMARY KEY NOT NULL,
    plugin       TEXT NOT NULL,
    topics       TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    place        INTEGER NOT NULL,
    missed       INTEGER NOT NULL,
    owner        TEXT NOT NULL,
    lease_until  INTEGER NOT NULL
) STRICT;

CREATE TABLE event_deliveries (
    installation TEXT NOT NULL,
    event        INTEGER NOT NULL,
    topic        TEXT NOT NULL,
    key          TEXT NOT NULL,
    dead         INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    error        TEXT NOT NULL,
    PRIMARY KEY (installation, event)
) STRICT;
CREATE INDEX event_deliveries_order ON event_deliveries (installation, dead, topic, key, event);
CREATE INDEX event_deliveries_event ON event_deliveries (event);

CREATE TABLE plugin_schedules (
    installation TEXT NOT NULL,
    id           TEXT NOT NULL,
    plugin       TEXT NOT NULL,
    every        INTEGER NOT NULL,
    cron         TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    forced       INTEGER NOT NULL,
    owner        TEXT NOT NULL,
    lease_until  INTEGER NOT NULL,
    run          TEXT NOT NULL,
    PRIMARY KEY (installation, id)
) STRICT;
CREATE INDEX plugin_schedules_due ON plugin_schedules (next_at);

CREATE TABLE plugin_schedule_runs (
    id           TEXT PRIMARY KEY NOT NULL,
    installation TEXT NOT NULL,
    schedule     TEXT NOT NULL,
    cause        TEXT NOT NULL,
    owner        TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    error        TEXT NOT NULL
) STRICT;
CREATE INDEX plugin_schedule_runs_of ON plugin_schedule_runs (installation, schedule, started_at);

-- One row per installation that ever had a task. Who takes a slot locks it.
CREATE TABLE plugin_task_accounts (
    installation TEXT PRIMARY KEY NOT NULL,
    paused       INTEGER NOT NULL
) STRICT;

CREATE TABLE plugin_tasks (
    id           TEXT PRIMARY KEY NOT NULL,
    installation TEXT NOT NULL,
    plugin       TEXT NOT NULL,
    queue        TEXT NOT NULL,
    name         TEXT NOT NULL,
    unique_key   TEXT,
    subject      TEXT NOT NULL,
    blob         TEXT NOT NULL,
    priority     INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    timeout      INTEGER NOT NULL,
    state        TEXT NOT NULL,
    run_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    progress     INTEGER NOT NULL,
    note         TEXT NOT NULL,
    error        TEXT NOT NULL,
    cancel_at    INTEGER NOT NULL,
    owner        TEXT NOT NULL,
    lease_until  INTEGER NOT NULL,
    lines        INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL,
    keep_until   INTEGER NOT NULL,
    requester    BLOB,
    payload      BLOB,
    checkpoint   BLOB,
    result       BLOB
) STRICT;
CREATE UNIQUE INDEX plugin_tasks_unique ON plugin_tasks (installation, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX plugin_tasks_list ON plugin_tasks (installation, created_at, id);
CREATE INDEX plugin_tasks_open ON plugin_tasks (installation, state, priority, run_at) WHERE state IN ('pending', 'running');

CREATE TABLE plugin_task_lines (
    task    TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    level   TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (task, seq)
) STRICT;
