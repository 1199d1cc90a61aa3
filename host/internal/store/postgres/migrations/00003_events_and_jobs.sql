-- +goose Up

-- Both databases read these tables with the same statements (package ledger):
-- times are microseconds of Unix time, 0 for none.

-- One row: the id of the newest event. Who publishes holds it until the
-- commit, so that events become visible in the order of their ids.
CREATE TABLE event_head (
    id   bigint PRIMARY KEY CHECK (id = 1),
    last bigint NOT NULL
);
INSERT INTO event_head (id, last) VALUES (1, 0);

CREATE TABLE event_log (
    id           bigint PRIMARY KEY NOT NULL,
    topic        text NOT NULL,
    key          text NOT NULL,
    installation text NOT NULL,
    plugin       text NOT NULL,
    ref          text NOT NULL,
    revision     bigint NOT NULL,
    at           bigint NOT NULL,
    size         bigint NOT NULL,
    cause        bytea,
    payload      bytea
);
CREATE INDEX event_log_publisher ON event_log (installation, id);

CREATE TABLE event_subscriptions (
    installation text PRIMARY KEY NOT NULL,
    plugin       text NOT NULL,
    topics       text NOT NULL,
    enabled      bigint NOT NULL,
    place        bigint NOT NULL,
    missed       bigint NOT NULL,
    owner        text NOT NULL,
    lease_until  bigint NOT NULL
);

CREATE TABLE event_deliveries (
    installation text NOT NULL,
    event        bigint NOT NULL,
    topic        text NOT NULL,
    key          text NOT NULL,
    dead         bigint NOT NULL,
    attempts     bigint NOT NULL,
    next_at      bigint NOT NULL,
    since        bigint NOT NULL,
    error        text NOT NULL,
    PRIMARY KEY (installation, event)
);
CREATE INDEX event_deliveries_order ON event_deliveries (installation, dead, topic, key, event);
CREATE INDEX event_deliveries_event ON event_deliveries (event);

CREATE TABLE plugin_schedules (
    installation text NOT NULL,
    id           text NOT NULL,
    plugin       text NOT NULL,
    every        bigint NOT NULL,
    cron         text NOT NULL,
    enabled      bigint NOT NULL,
    next_at      bigint NOT NULL,
    forced       bigint NOT NULL,
    owner        text NOT NULL,
    lease_until  bigint NOT NULL,
    run          text NOT NULL,
    PRIMARY KEY (installation, id)
);
CREATE INDEX plugin_schedules_due ON plugin_schedules (next_at);

CREATE TABLE plugin_schedule_runs (
    id           text PRIMARY KEY NOT NULL,
    installation text NOT NULL,
    schedule     text NOT NULL,
    cause        text NOT NULL,
    owner        text NOT NULL,
    started_at   bigint NOT NULL,
    ended_at     bigint NOT NULL,
    outcome      text NOT NULL,
    error        text NOT NULL
);
CREATE INDEX plugin_schedule_runs_of ON plugin_schedule_runs (installation, schedule, started_at);

-- One row per installation that ever had a task. Who takes a slot locks it.
CREATE TABLE plugin_task_accounts (
    installation text PRIMARY KEY NOT NULL,
    paused       bigint NOT NULL
);

CREATE TABLE plugin_tasks (
    id           text PRIMARY KEY NOT NULL,
    installation text NOT NULL,
    plugin       text NOT NULL,
    queue        text NOT NULL,
    name         text NOT NULL,
    unique_key   text,
    subject      text NOT NULL,
    blob         text NOT NULL,
    priority     bigint NOT NULL,
    max_attempts bigint NOT NULL,
    timeout      bigint NOT NULL,
    state        text NOT NULL,
    run_at       bigint NOT NULL,
    attempts     bigint NOT NULL,
    progress     bigint NOT NULL,
    note         text NOT NULL,
    error        text NOT NULL,
    cancel_at    bigint NOT NULL,
    owner        text NOT NULL,
    lease_until  bigint NOT NULL,
    lines        bigint NOT NULL,
    created_at   bigint NOT NULL,
    started_at   bigint NOT NULL,
    ended_at     bigint NOT NULL,
    keep_until   bigint NOT NULL,
    requester    bytea,
    payload      bytea,
    checkpoint   bytea,
    result       bytea
);
CREATE UNIQUE INDEX plugin_tasks_unique ON plugin_tasks (installation, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX plugin_tasks_list ON plugin_tasks (installation, created_at, id);
CREATE INDEX plugin_tasks_open ON plugin_tasks (installation, state, priority, run_at) WHERE state IN ('pending', 'running');

CREATE TABLE plugin_task_lines (
    task    text NOT NULL,
    seq     bigint NOT NULL,
    at      bigint NOT NULL,
    level   text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (task, seq)
);
