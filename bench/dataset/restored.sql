-- Of each run that ended a breakage of its pipeline's default branch, how long that had lasted.
UPDATE runs SET restored_s = extract(epoch FROM restored.ended_at - restored.broken_at)
FROM (
  SELECT id, outcome, ended_at, outcome_before,
    min(ended_at) FILTER (WHERE outcome != 'success') OVER (PARTITION BY pipeline_id, breakage ORDER BY created_at, id) AS broken_at
  FROM (
    SELECT id, pipeline_id, created_at, outcome, coalesce(completed_at, created_at) AS ended_at,
      lag(outcome) OVER verdicts AS outcome_before,
      count(*) FILTER (WHERE outcome = 'success') OVER verdicts - (outcome = 'success')::int AS breakage
    FROM runs
    WHERE default_branch AND outcome IN ('failure', 'startup_failure', 'success', 'timed_out', 'unstable')
    WINDOW verdicts AS (PARTITION BY pipeline_id ORDER BY created_at, id)
  ) AS verdicts
) AS restored
WHERE runs.id = restored.id AND restored.outcome = 'success' AND restored.outcome_before != 'success'
  AND restored.ended_at >= restored.broken_at
