-- The id that a trusted proxy gave the request. Its message has it too, but is deleted once it has succeeded.
ALTER TABLE invocations ADD COLUMN request_id TEXT;
