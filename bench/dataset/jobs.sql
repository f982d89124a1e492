-- Two jobs of each attempt, one after the other; together they take as long as the attempt.
INSERT INTO jobs (
  id, repo_id, pipeline_id, run_id, run_external_id, external_id, attempt, rank, name, status, outcome, raw_status,
  raw_conclusion, runner, created_at, started_at, completed_at, updated_at, counted_at, duration_s, queue_s, url,
  log_state, excerpt, signature
)
SELECT
  id, repo_id, pipeline_id, run_id, run_external_id,
  CASE provider WHEN 'github' THEN (20000000000 + id)::text ELSE run_external_id || '/' || place END,
  attempt, CASE status WHEN 'completed' THEN 3 WHEN 'in_progress' THEN 2 ELSE 1 END,
  CASE place WHEN 1 THEN first_job ELSE second_job END,
  status, outcome, status, CASE status WHEN 'completed' THEN outcome END,
  CASE WHEN ran THEN 'runner-' || run_id % 40 END,
  created_at,
  CASE WHEN ran THEN began_at + make_interval(secs => before_s) END,
  CASE WHEN duration_s IS NOT NULL AND ran THEN began_at + make_interval(secs => before_s + duration_s) END,
  updated_at,
  created_at,
  CASE WHEN ran THEN duration_s END,
  CASE WHEN ran THEN queue_s + before_s END,
  'https://ci.example/jobs/' || id,
  'none',
  CASE WHEN outcome = 'failure' THEN excerpt END,
  CASE WHEN outcome = 'failure' THEN signature END
FROM (
  SELECT
    attempt.*, place, first_job, second_job,
    first_id + place AS id,
    CASE place WHEN 1 THEN 0 ELSE floor(0.4 * total_s) END AS before_s,
    CASE
      WHEN total_s IS NULL THEN NULL
      WHEN place = 1 THEN CASE WHEN stops_early THEN total_s ELSE floor(0.4 * total_s) END
      ELSE total_s - floor(0.4 * total_s)
    END AS duration_s,
    CASE WHEN ended THEN 'completed' WHEN place = 1 AND began_at IS NOT NULL THEN 'in_progress' ELSE 'queued' END AS status,
    CASE
      WHEN NOT ended THEN CASE WHEN place = 1 AND began_at IS NOT NULL THEN 'running' ELSE 'queued' END
      WHEN ended_as IN ('success', 'skipped') THEN ended_as
      WHEN ended_as IN ('cancelled', 'superseded') THEN CASE place WHEN 1 THEN 'success' ELSE 'cancelled' END
      WHEN place = 1 THEN CASE WHEN stops_early THEN 'failure' ELSE 'success' END
      ELSE CASE WHEN stops_early THEN 'skipped' ELSE 'failure' END
    END AS outcome,
    total_s IS NOT NULL AND ended_as != 'skipped' AND NOT (place = 2 AND stops_early) AS ran
  FROM (
    SELECT
      2 * (id - 1) AS first_id, id AS run_id, repo_id, pipeline_id, provider, external_id AS run_external_id, attempt,
      created_at, started_at AS began_at, updated_at, outcome AS ended_as, status = 'completed' AS ended, queue_s,
      duration_s AS total_s, excerpt, signature,
      outcome IN ('failure', 'timed_out', 'startup_failure', 'unstable') AND id % 10 < 3 AS stops_early
    FROM runs
    UNION ALL
    SELECT
      2 * :runs + 2 * (row_number() OVER (ORDER BY id) - 1), id, repo_id, pipeline_id, provider, external_id, 1,
      created_at, created_at + interval '5 s', updated_at, first_outcome, true, 5,
      rerun_s, 'E       TimeoutError', 'again' || pipeline_id, id % 10 < 3
    FROM runs WHERE attempts = 2
  ) AS attempt
  JOIN names USING (pipeline_id)
  CROSS JOIN (VALUES (1), (2)) AS part (place)
  OFFSET 0
) AS told
