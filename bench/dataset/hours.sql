-- How many runs each hour of the span begins: working days and hours have most of them.
CREATE TEMP TABLE hours ON COMMIT DROP AS
WITH weighed AS (
  SELECT at,
    CASE WHEN extract(isodow FROM at AT TIME ZONE 'UTC') > 5 THEN 0.25 ELSE 1 END
    * CASE WHEN extract(hour FROM at AT TIME ZONE 'UTC') BETWEEN 7 AND 17 THEN 1 ELSE 0.25 END AS weight
  FROM generate_series(
    CAST(:now AS timestamptz) - make_interval(days => :days),
    CAST(:now AS timestamptz) - interval '1 hour',
    interval '1 hour'
  ) AS at
), summed AS (
  SELECT at, round(:runs * sum(weight) OVER (ORDER BY at) / sum(weight) OVER ())::bigint AS last FROM weighed
)
SELECT at, 1 + coalesce(lag(last) OVER (ORDER BY at), 0) AS first, last FROM summed
