-- How long a call may take after each start by a request, in milliseconds.
ALTER TABLE calls ADD COLUMN allowance INTEGER NOT NULL DEFAULT 0;
UPDATE calls SET allowance = expires - created;
-- How often in a row the call went on without anything to wait for.
ALTER TABLE calls ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
