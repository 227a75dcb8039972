-- A call and those below it may call these functions of this host, as a JSON array. NULL: all.
ALTER TABLE calls ADD COLUMN functions TEXT;
