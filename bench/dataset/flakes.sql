-- Where a job last turned from failing to passing on a commit: see model/flakes.py.
INSERT INTO flakes (pipeline_id, job, sha, failed_at, passed_at, run_id)
SELECT DISTINCT ON (pipeline_id, job, sha) pipeline_id, job, sha, failed_at, passed_at, run_id
FROM (
  SELECT DISTINCT ON (failed.id)
    failed.*, passed.run_id, coalesce(passed.completed_at, passed.started_at, passed.counted_at) AS passed_at
  FROM (
    SELECT jobs.id, jobs.pipeline_id, jobs.name AS job, runs.sha, jobs.run_id AS failed_run_id, jobs.attempt,
      coalesce(jobs.completed_at, jobs.started_at, jobs.counted_at) AS failed_at
    FROM jobs JOIN runs ON runs.id = jobs.run_id
    WHERE jobs.outcome = 'failure'
  ) AS failed
  JOIN runs AS again ON again.pipeline_id = failed.pipeline_id AND again.sha = failed.sha
  JOIN jobs AS passed ON passed.run_id = again.id AND passed.name = failed.job
  WHERE passed.outcome = 'success'
    AND (passed.run_id, passed.attempt) != (failed.failed_run_id, failed.attempt)
    AND coalesce(passed.completed_at, passed.started_at, passed.counted_at) > failed.failed_at
  ORDER BY failed.id, passed_at, passed.run_id, passed.attempt
) AS turned
ORDER BY pipeline_id, job, sha, passed_at DESC, failed_at, failed_run_id, attempt
