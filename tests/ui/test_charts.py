"""Every chart, and every page, compiles."""

from pathlib import Path

import pytest
import reflex as rx

from cicd_health.ui.charts import CHARTS
from cicd_health.ui.pages import PAGES
from cicd_health.ui.theme import NAMES


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.slug)
def test_a_chart_compiles_on_its_sample(chart):
    drawn = chart.draw(rx.Var.create(chart.sample))
    assert isinstance(drawn, rx.Component)
    assert drawn.render()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_page_compiles(page):
    assert page.body().render()


def test_every_colour_of_the_theme_is_a_token():
    tokens = (Path(__file__).parents[2] / "assets" / "tokens.css").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"--{name}:" not in tokens] == []
