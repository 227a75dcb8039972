-- Asynchronous invocations.

CREATE TABLE invocations (
    -- 48 bits of milliseconds since 1970, then 80 random bits.
    id BLOB PRIMARY KEY NOT NULL,
    -- The API that accepted it, and the name that it has there.
    source TEXT NOT NULL,
    name TEXT,
    function TEXT NOT NULL,
    -- The client's Idempotency-Key, and the SHA-256 of the request that came with it.
    key TEXT,
    fingerprint BLOB,
    -- queued, running, waiting (for a retry), succeeded, failed or cancelled.
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- How many of them ended with the process.
    interruptions INTEGER NOT NULL DEFAULT 0,
    -- The function's version of the last attempt. NULL: from a file, or none yet.
    version INTEGER,
    accepted INTEGER NOT NULL,
    -- When the next attempt may start, while it waits.
    due INTEGER,
    started INTEGER,
    finished INTEGER,
    expires INTEGER,
    error TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX invocations_by_function ON invocations (function, id);
CREATE UNIQUE INDEX invocations_by_name ON invocations (source, name) WHERE name IS NOT NULL;
CREATE UNIQUE INDEX invocations_by_key ON invocations (function, source, key) WHERE key IS NOT NULL;
CREATE INDEX invocations_unfinished ON invocations (id) WHERE finished IS NULL;
CREATE INDEX invocations_failed ON invocations (id) WHERE state = 'failed';
CREATE INDEX invocations_by_expiry ON invocations (expires) WHERE expires IS NOT NULL;

-- Apart, since a change of a row writes the whole row. It stays until the invocation has succeeded.
CREATE TABLE invocation_requests (
    id BLOB PRIMARY KEY NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
    -- JSON.
    head TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invocation_results (
    id BLOB PRIMARY KEY NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
    head TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
