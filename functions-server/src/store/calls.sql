-- Calls of Dispatch.

CREATE TABLE calls (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- NULL: the call was dispatched, and is the root of its tree.
    parent INTEGER,
    root INTEGER,
    -- The number that its parent refers to it with.
    correlation INTEGER NOT NULL,
    -- What a tail call replaces.
    endpoint TEXT NOT NULL,
    function TEXT NOT NULL,
    version TEXT NOT NULL,
    input BLOB,
    -- 0: to be run, 1: waits for calls of its own, 2: succeeded, 3: failed, 4: cancelled.
    state INTEGER NOT NULL,
    -- How often the call has begun from its start: results of calls of an earlier round are nothing to it.
    round INTEGER NOT NULL,
    -- The round of its parent that made it.
    parent_round INTEGER NOT NULL,
    -- The poll that the call goes on with, without its calls. NULL: it runs with its input.
    poll BLOB,
    -- When the poll's wait ends.
    wake INTEGER,
    -- Failures in a row.
    failures INTEGER NOT NULL,
    -- When the call is run next.
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT,
    result BLOB,
    -- Whether its parent has taken the result.
    delivered INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    finished INTEGER
) STRICT;

CREATE INDEX calls_unfinished ON calls (number) WHERE state < 2;
CREATE INDEX calls_by_parent ON calls (parent) WHERE parent IS NOT NULL;
CREATE INDEX calls_by_root ON calls (root) WHERE root IS NOT NULL;
CREATE INDEX calls_finished ON calls (finished) WHERE root IS NULL AND finished IS NOT NULL;

CREATE TABLE call_attempts (
    call INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (call, number)
) STRICT, WITHOUT ROWID;
