-- Runs in the order of their creation. Each level draws, then decides, then writes down.
INSERT INTO runs (
  id, repo_id, pipeline_id, provider, external_id, number, attempt, attempts, status, outcome, first_outcome,
  raw_status, raw_conclusion, title, branch, default_branch, sha, event, actor, pull_request, created_at, started_at,
  completed_at, duration_s, queue_s, spent_s, rerun_s, url, failed_job, failed_step, excerpt, signature, log_state,
  jobs_known, updated_at, quiet
)
SELECT
  id, repo_id, pipeline_id, provider,
  CASE provider WHEN 'github' THEN (9000000000 + id)::text ELSE pipeline || '#' || id END,
  id,
  attempts, attempts,
  CASE WHEN ended THEN 'completed' WHEN started_at <= :now THEN 'in_progress' ELSE 'queued' END,
  CASE WHEN ended THEN outcome WHEN started_at <= :now THEN 'running' ELSE 'queued' END,
  CASE WHEN again THEN 'failure' WHEN ended THEN outcome END,
  CASE WHEN ended THEN 'completed' WHEN started_at <= :now THEN 'in_progress' ELSE 'queued' END,
  CASE WHEN ended THEN outcome END,
  title, branch, default_branch, sha, event, actor,
  CASE WHEN event = 'pull_request' THEN id % 40000 END,
  created_at,
  CASE WHEN started_at <= :now THEN started_at END,
  CASE WHEN ended THEN completed_at END,
  CASE WHEN ended AND measured AND outcome != 'skipped' THEN ran_s END,
  CASE WHEN started_at <= :now THEN queue_s END,
  CASE WHEN ended AND measured AND outcome != 'skipped' THEN ran_s + coalesce(first_s, 0) ELSE first_s END,
  first_s,
  'https://ci.example/' || repo || '/runs/' || id,
  CASE WHEN ended AND failing THEN CASE WHEN id % 10 < 3 THEN first_job ELSE second_job END END,
  CASE WHEN ended AND failing THEN 'Run tests' END,
  CASE WHEN ended AND failing THEN excerpt END,
  CASE WHEN ended AND failing THEN signature END,
  'none',
  CASE WHEN ended THEN attempts ELSE attempts - 1 END,
  CASE WHEN ended THEN completed_at ELSE created_at END,
  false
FROM (
  SELECT
    decided.*,
    started_at + make_interval(secs => ran_s) AS completed_at,
    started_at + make_interval(secs => ran_s) <= :now AS ended,
    left(encode(sha256((repo || floor(extract(epoch FROM created_at) / :commit_s))::bytea), 'hex'), 40) AS sha,
    'E       AssertionError: expected ' || id % 7 || ' items in ' || repo || E', got none\n'
      || E'FAILED tests/test_orders.py::test_total\n1 failed, 214 passed in 41.20s' AS excerpt,
    left(md5(pipeline_id || ':' || floor(chance * 6) || ':' || extract(quarter FROM created_at)), 16) AS signature
  FROM (
    SELECT
      chosen.*,
      created_at + make_interval(secs => coalesce(queue_s, 0) + coalesce(first_s + 600, 0)) AS started_at,
      outcome IN ('failure', 'timed_out', 'startup_failure', 'unstable') AS failing,
      greatest(1, round(usual_s * exp(0.25 * length) * load
        * CASE WHEN outcome = 'success' THEN 1 ELSE 0.3 + 0.7 * chance END))::int AS ran_s,
      CASE WHEN again THEN 2 ELSE 1 END AS attempts
    FROM (
      SELECT
        judged.*,
        CASE
          WHEN again THEN CASE WHEN chance < 0.7 THEN 'success' ELSE 'failure' END
          WHEN left_out < 0.03 THEN 'cancelled'
          WHEN left_out < 0.05 THEN 'superseded'
          WHEN left_out < 0.06 THEN 'skipped'
          WHEN NOT fails THEN 'success'
          WHEN chance < 0.88 THEN 'failure'
          WHEN chance < 0.94 THEN 'timed_out'
          WHEN chance < 0.96 OR provider = 'github' THEN 'startup_failure'
          ELSE 'unstable'
        END AS outcome,
        CASE WHEN again THEN greatest(1, round(usual_s * (0.3 + 0.7 * left_out)))::int END AS first_s
      FROM (
        SELECT
          drawn.*, profiles.*,
          verdict < CASE
            WHEN default_branch
              AND hashint8(profiles.pipeline_id * 7919 + floor(extract(epoch FROM created_at) / 43200)::bigint) & 1023 < 40
            THEN 0.8
            ELSE failure_rate
          END AS fails,
          provider = 'github' AND repeat < again_rate AND created_at < CAST(:now AS timestamptz) - interval '1 day' AS again,
          CASE WHEN default_branch THEN main ELSE 'feature/' || (ARRAY[
            'cache', 'checkout', 'search', 'login', 'totals', 'mail', 'retry', 'upload', 'quota', 'theme'
          ])[1 + (place * 10)::int % 10] || '-' || repo_id % 7 || (place * 1000)::int % 9 END AS branch,
          CASE
            WHEN default_branch AND verdict > 0.9 THEN 'schedule'
            WHEN default_branch OR chance < 0.1 THEN 'push'
            ELSE 'pull_request'
          END AS event,
          'dev-' || lpad(floor(60 * who * who)::text, 2, '0') AS actor,
          (ARRAY['Fix', 'Add', 'Remove', 'Rename', 'Bump', 'Speed up', 'Test', 'Document'])[1 + (who * 8)::int % 8] || ' '
            || (ARRAY['the retry of payments', 'a cache for sessions', 'old feature flags', 'the upload form', 'base images',
              'the search index', 'totals of orders', 'sign-in by e-mail', 'flaky clock tests', 'the release notes'])[
              1 + (length * length * 100)::int % 10] || ' (#' || id % 40000 || ')' AS title,
          CASE WHEN extract(hour FROM created_at AT TIME ZONE 'UTC') BETWEEN 8 AND 16 THEN 1.15 ELSE 1 END AS load,
          unmeasured > 0.01 AS measured,
          CASE WHEN unmeasured < 0.95 THEN round(exp(1.6 + 0.9 * wait))::int END AS queue_s
        FROM (
          SELECT
            id,
            date_trunc('second', hours.at + (id - first + random()) / (last - first + 1) * interval '1 hour') AS created_at,
            1 + floor(random() * :slots)::int AS slot,
            random() < 0.45 AS default_branch,
            random() AS verdict, random() AS left_out, random() AS repeat, random() AS chance, random() AS unmeasured,
            random() AS place, random() AS who, random_normal() AS length, random_normal() AS wait
          FROM hours, generate_series(first, last) AS id
        ) AS drawn
        JOIN profiles USING (slot)
        OFFSET 0
      ) AS judged
      OFFSET 0
    ) AS chosen
    OFFSET 0
  ) AS decided
  OFFSET 0
) AS told
