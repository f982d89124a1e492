"""The charts. To add one: a file here that ends in CHART, and its line below."""

from cicd_health.ui.chart import Chart
from cicd_health.ui.charts import durations, heat, outcomes, queue, rate, sparkline, strip

CHARTS: tuple[Chart, ...] = (
    outcomes.CHART,
    durations.CHART,
    queue.CHART,
    rate.CHART,
    heat.CHART,
    sparkline.CHART,
    strip.CHART,
)
