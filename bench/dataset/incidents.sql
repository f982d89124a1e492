-- What the built-in rule would have opened and resolved.
INSERT INTO incidents (
  rule_id, scope_key, pipeline_id, branch, severity, state, title, reason, opened_at, last_failed_at, resolved_at,
  failures, recovered_run_id
)
SELECT
  :rule_id, 'pipeline:' || pipeline_id, pipeline_id, branch, 'high', 'resolved', 'A pipeline failed', 'the last run failed',
  completed_at - make_interval(secs => restored_s), completed_at, completed_at, 1, id
FROM runs WHERE restored_s IS NOT NULL AND completed_at IS NOT NULL
