"""The pages, in the order of the menu. To add one: a file here that ends in PAGE, and its line below."""

from cicd_health.ui.page import Page
from cicd_health.ui.pages import deliveries, gallery, overview, run, runs, sources

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    runs.PAGE,
    run.PAGE,
    sources.PAGE,
    deliveries.PAGE,
    gallery.PAGE,
)
