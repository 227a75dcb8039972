-- The first version of the database. A released migration never changes: add another one instead.

CREATE TABLE functions (
    name TEXT PRIMARY KEY NOT NULL,
    -- The highest number ever given: numbers only grow, also after the function was deleted.
    last_version INTEGER NOT NULL,
    -- The number that is served. NULL: the function was deleted.
    current INTEGER,
    -- In milliseconds since 1970, as all times.
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
    function TEXT NOT NULL REFERENCES functions (name),
    number INTEGER NOT NULL,
    -- The SHA-256 of the component, whose bytes are in the artifact folder.
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    -- A JSON object, without secrets.
    settings TEXT NOT NULL,
    -- Encrypted. NULL: none.
    secrets BLOB,
    created INTEGER NOT NULL,
    PRIMARY KEY (function, number)
) STRICT;

CREATE INDEX versions_by_digest ON versions (digest);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY NOT NULL,
    -- The SHA-256 of the token.
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- JSON arrays of strings.
    scopes TEXT NOT NULL,
    functions TEXT,
    metadata TEXT,
    created INTEGER NOT NULL,
    expires INTEGER
) STRICT;

-- What a check whether the store can be written writes to.
CREATE TABLE probe (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    count INTEGER NOT NULL
) STRICT;
INSERT INTO probe VALUES (1, 0);
