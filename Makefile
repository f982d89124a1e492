# `make help` lists the targets. Python 3.11 or newer and make are all that must be there.
PYTHON ?= python3
PY := .venv/bin/python
RUN := requirements.txt requirements-build.txt
DEV := $(RUN) requirements-dev.txt
TESTS ?= tests
CLUSTER ?= tests/cluster tests/browser tests/cli/test_serve.py tests/test_alert_journey.py

.DEFAULT_GOAL := help
.PHONY: help run demo link test test-cluster chaos check lint fmt containers bench changes excerpts migrate settings-docs commands-docs constraints install install-dev

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

run: install ## Serve the dashboard, the API and the webhooks on http://localhost:3000
	@exec $(PY) -m cicd_health serve

demo: install ## The same with a believable history and live traffic, in a database of its own
	@exec $(PY) -m cicd_health demo

link: install ## Print a new one-time sign-in link
	@$(PY) -m cicd_health link

test: lint ## Everything, on SQLite and PostgreSQL and in a real browser
	@CHROMIUM="$$($(PY) -m tools.chromium)" && export CHROMIUM && exec $(PY) -m pytest -n 2 --dist loadfile $(TESTS)

test-cluster: install-dev ## What talks to a running server, to two web processes and two workers on one PostgreSQL
	@CHROMIUM="$$($(PY) -m tools.chromium)" && export CHROMIUM && TEST_CLUSTER=1 exec $(PY) -m pytest $(CLUSTER)

chaos: install-dev ## Bad days: processes killed, databases away, full disks, ten times the load; up to 20 minutes
	@CHAOS=1 exec $(PY) -m pytest -s --show-capture=no -o faulthandler_timeout=7200 tests/chaos

check: fmt test ## Format, lint, types, tests

lint: install-dev ## Lint, formatting, types, import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m ty check
	@.venv/bin/lint-imports --no-cache

fmt: install-dev ## Format, and correct what can be corrected
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

containers: install-dev ## Build the image, start everything of docker-compose.yml and try it
	@CHROMIUM="$$($(PY) -m tools.chromium)" && export CHROMIUM && exec $(PY) -m pytest -s tests/containers/check_running.py

bench: install-dev ## Measure, each number beside its floor
	@$(PY) -m bench --write docs/performance.md

changes: install-dev ## How often change detection cries wolf, and how soon it finds what is there
	@$(PY) -m bench.changes

excerpts: install-dev ## How often the excerpt of a failed log holds its cause
	@$(PY) -m bench.excerpts

migrate: install ## Bring the database to the newest schema
	@$(PY) -m cicd_health migrate

settings-docs: install ## Write docs/settings.md from the list of settings
	@$(PY) -m cicd_health settings --markdown > docs/settings.md.new && mv docs/settings.md.new docs/settings.md

commands-docs: install-dev ## Write docs/commands.md from the commands
	@$(PY) -m tools.commands_page

constraints: install-dev ## Write constraints.txt: the version of every package that is installed
	@$(PY) -m pip freeze --disable-pip-version-check > constraints.txt.new && mv constraints.txt.new constraints.txt

install:
	@$(PYTHON) tools/environment.py $(RUN)

install-dev:
	@$(PYTHON) tools/environment.py $(DEV)
