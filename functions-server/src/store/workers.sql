-- Workers: instances of components that keep their state.

CREATE TABLE workers (
    -- Never given twice: what is still on its way to a deleted worker finds no other one.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The component's UUID.
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The component's version.
    version INTEGER NOT NULL,
    -- JSON: an array of strings, and an object of strings.
    args TEXT NOT NULL,
    env TEXT NOT NULL,
    -- What its memories may have together, in bytes. Never changes: a replay must see the same failures.
    memory INTEGER NOT NULL,
    created INTEGER NOT NULL,
    -- idle, running (an invocation has begun), interrupted, failed or exited.
    state TEXT NOT NULL,
    -- Why it failed.
    error TEXT,
    -- JSON: updates that were asked for, and what came of them.
    updates TEXT NOT NULL DEFAULT '[]',
    -- JSON: the resources that clients have handles of.
    resources TEXT NOT NULL DEFAULT '{}',
    -- What its memories had together when that was last written, in bytes.
    memory_used INTEGER NOT NULL DEFAULT 0,
    UNIQUE (component, name)
) STRICT;

CREATE INDEX workers_running ON workers (id) WHERE state = 'running';

-- What a worker has done and got from outside, in order. A row is what was written at once: a byte for the
-- format, then entries.
CREATE TABLE worker_journal (
    worker INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (worker, seq)
) STRICT, WITHOUT ROWID;

-- What came of invocations, by idempotency key.
CREATE TABLE worker_results (
    worker INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    -- The order in which they ended.
    number INTEGER NOT NULL,
    outcome BLOB NOT NULL,
    PRIMARY KEY (worker, key)
) STRICT, WITHOUT ROWID;

-- Accepted asynchronous invocations that have not begun.
CREATE TABLE worker_queue (
    worker INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    function TEXT NOT NULL,
    -- A JSON array of untyped parameters.
    params TEXT NOT NULL,
    PRIMARY KEY (worker, number)
) STRICT, WITHOUT ROWID;
