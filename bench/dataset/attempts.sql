-- The last attempt of each run, then the first one of those that have two.
INSERT INTO attempts (
  id, run_id, attempt, rank, status, outcome, raw_status, raw_conclusion, started_at, completed_at, updated_at,
  duration_s, queue_s, url
)
SELECT
  id, id, attempt, CASE status WHEN 'completed' THEN 3 WHEN 'in_progress' THEN 2 ELSE 1 END, status, outcome,
  raw_status, raw_conclusion, started_at, completed_at, updated_at, duration_s, queue_s, url
FROM runs
UNION ALL
SELECT
  :runs + row_number() OVER (ORDER BY id), id, 1, 3, 'completed', first_outcome, 'completed', first_outcome,
  created_at + interval '5 s', created_at + make_interval(secs => 5 + rerun_s), created_at + make_interval(secs => 5 + rerun_s),
  rerun_s, 5, url
FROM runs WHERE attempts = 2
