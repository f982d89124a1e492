"""The pages, in the order of the menu. To add one: a file here that ends in PAGE, and its line below."""

from cicd_health.ui.page import Page
from cicd_health.ui.pages import (
    alerts,
    deliveries,
    failures,
    gallery,
    overview,
    pipeline,
    pipelines,
    run,
    runs,
    settings,
    sources,
    wall,
)

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    pipelines.PAGE,
    pipeline.PAGE,
    runs.PAGE,
    run.PAGE,
    failures.PAGE,
    alerts.PAGE,
    sources.PAGE,
    deliveries.PAGE,
    settings.PAGE,
    wall.PAGE,
    gallery.PAGE,
)
