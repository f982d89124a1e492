-- Jobs that failed and then passed on the same commit.
INSERT INTO flakes (pipeline_id, job, sha, failed_at, passed_at, run_id)
SELECT DISTINCT ON (pipeline_id, name, sha) pipeline_id, name, sha, failed_at, passed.completed_at, passed.run_id
FROM (
  SELECT jobs.pipeline_id, jobs.name, runs.sha, min(jobs.completed_at) AS failed_at
  FROM jobs JOIN runs ON runs.id = jobs.run_id
  WHERE jobs.outcome = 'failure' AND jobs.completed_at IS NOT NULL
  GROUP BY 1, 2, 3
) AS failed
JOIN runs AS again USING (pipeline_id, sha)
JOIN jobs AS passed USING (pipeline_id, name)
WHERE passed.run_id = again.id AND passed.outcome = 'success' AND passed.completed_at > failed_at
ORDER BY pipeline_id, name, sha, passed.completed_at, passed.run_id
