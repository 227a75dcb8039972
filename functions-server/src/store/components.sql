-- Components that are called by name, and their versions.

CREATE TABLE components (
    -- A UUID.
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE component_versions (
    component BLOB NOT NULL REFERENCES components (id),
    number INTEGER NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    -- Whether each call has an instance of its own, which is gone after it.
    is_ephemeral INTEGER NOT NULL,
    -- JSON.
    env TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (component, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX component_versions_by_digest ON component_versions (digest);
