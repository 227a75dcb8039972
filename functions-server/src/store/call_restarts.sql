-- How often the call began anew since it last was another call.
ALTER TABLE calls ADD COLUMN restarts INTEGER NOT NULL DEFAULT 0;
