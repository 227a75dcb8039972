-- The oldest results of a worker are found, since only so many are kept.
CREATE INDEX worker_results_order ON worker_results (worker, number);
