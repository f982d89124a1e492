"""The charts. To add one: a file here that ends in CHART, and its line below."""

from cicd_health.ui.chart import Chart
from cicd_health.ui.charts import durations, outcomes, queue, sparkline, strip

CHARTS: tuple[Chart, ...] = (outcomes.CHART, durations.CHART, queue.CHART, sparkline.CHART, strip.CHART)
