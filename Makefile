# Every target creates what it needs in .venv, and is quick the second time.
# A fresh clone, Python 3.11 (or later) and make are enough.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1

.PHONY: help demo serve test lint docs bench evidence generate clean

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

demo: .venv/.cli  ## replay the example week
	$(BIN)/punchclock replay examples/week.jsonl

serve: .venv/.sandbox  ## serve the sandbox on port 8000, with the demo world
	$(BIN)/punchclock serve

# Parts that are not held to it are named; all others are.
NOT_WHOLE := */punchclock/columns/*,*/punchclock/commands/*,*/punchclock/sandbox/*,*/punchclock/pytest_plugin.py

test: .venv/.dev  ## run the tests; fails under 100 % branch coverage
	$(BIN)/python -m pytest --cov --cov-report=
	$(BIN)/coverage report --fail-under=100 --omit='$(NOT_WHOLE)'

lint: .venv/.dev  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.dev  ## build the site into site/; any warning and any stale page fails
	$(BIN)/mkdocs build --strict

generate: .venv/.dev  ## write the docs' diagrams, tables and printed samples anew
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python tests/test_docs.py

bench: .venv/.dev  ## measure, and print the table of ratios
	$(BIN)/python -m benchmarks

evidence: .venv/.dev  ## check every claim by every means, for hours; print the table, and keep it for the docs
	$(BIN)/python -m evidence --long --save
	$(BIN)/python scripts/generate_docs.py

clean:  ## forget everything that these targets made
	rm -rf .venv site build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

# What is installed, each with a stamp that is as old as the last installation.

.venv/.created:
	@test -n "$(PYTHON)" || { echo "no python3.11 and no python3 on the PATH" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("punchclock needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

.venv/.cli: .venv/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[cli]'
	@touch $@

.venv/.sandbox: .venv/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[sandbox]'
	@touch $@

.venv/.dev: .venv/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[all,evidence]' --group dev
	@touch $@
