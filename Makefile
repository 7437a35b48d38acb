# Every target installs what it needs in .venv, once. A fresh clone, Python 3.11 or later and make are enough.
# constraints.txt pins the versions.

# The first of these that runs: a name on the PATH may be a placeholder for a version that is not installed.
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1

.PHONY: help demo serve test test-all check lint docs bench evidence mutation generate constraints clean

help:  ## list the targets, with how long each takes and what it needs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18
	@echo 'Times: 2 cores; the first run of a target adds 1 to 2 minutes for what it installs.'

demo: .venv/.demo  ## replay the example week (seconds)
	$(BIN)/punchclock replay docs/examples/week.jsonl

serve: .venv/.serve  ## serve the sandbox on port 8000, with the demo workspace
	$(BIN)/punchclock serve

# ---- Tests ----

PYTEST := pytest --numprocesses logical --dist worksteal

# The core's tests: fast, and without an extra.
CORE_TESTS := $(addprefix tests/test_,$(addsuffix .py,calendar chart clock dialect diagrams durations errors history \
	import instants laws lazy eventlog machine main pitfalls public_api rounding serialization timer totals))

# These parts need 95 % branch coverage; all others need 100 %.
COMMAND_LINE := */punchclock/cli/*,*/punchclock/__main__.py
SANDBOX := */punchclock/sandbox/*,*/punchclock/pytest_plugin.py

test: .venv/.test  ## run the tests, without the slow ones (3 minutes)
	$(BIN)/python -m $(PYTEST) -m "not slow" --ignore-glob "tests/test_evidence_*" --hypothesis-profile fast

test-all: .venv/.test-all  ## run all tests and check the coverage (15 minutes; curl, and a PostgreSQL server named in PUNCHCLOCK_TEST_POSTGRESQL)
	$(BIN)/coverage erase
	@status=0; report="$(BIN)/coverage report"; \
	$(BIN)/coverage run -m $(PYTEST) || status=1; \
	$(BIN)/coverage combine --quiet || status=1; \
	echo '--- command line: at least 95 %'; $$report --fail-under 95 --include '$(COMMAND_LINE)' || status=1; \
	echo '--- sandbox: at least 95 %'; $$report --fail-under 95 --include '$(SANDBOX)' || status=1; \
	echo '--- all else: 100 %'; $$report --fail-under 100 --omit '$(COMMAND_LINE),$(SANDBOX)' || status=1; \
	exit $$status

check: .venv/.lint  ## check style, types and the core's tests (1 minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m $(PYTEST) --quiet --hypothesis-profile fast $(CORE_TESTS)

lint: .venv/.lint  ## check style and types (1 minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# ---- Docs and figures ----

docs: .venv/.docs  ## build the site into site/; fails on a warning or a stale page (1 minute)
	$(BIN)/mkdocs build --strict

generate: .venv/.docs .venv/.test-all  ## update the diagrams, tables and printed samples of the docs (1 minute)
	$(BIN)/python docs/scripts/generate_docs.py
	$(BIN)/python docs/scripts/trace_walk.py --write
	$(BIN)/python tests/test_docs.py

bench: .venv/.bench  ## measure, and print the table of ratios (5 minutes)
	$(BIN)/python -m benchmarks

evidence: .venv/.evidence .venv/.docs  ## check every claim, and save the results for the docs (hours)
	PYTHONPATH=tests $(BIN)/python -m evidence --long --save
	$(BIN)/python docs/scripts/generate_docs.py

mutation: .venv/.evidence  ## try every mutant of the core and the vendors and a sample of the others, and save the counts (3 hours)
	PYTHONPATH=tests $(BIN)/python -m evidence.mutation
	PYTHONPATH=tests $(BIN)/python -m evidence.mutation --sample

# ---- Installation ----

constraints:  ## pin the newest versions of everything in constraints.txt (3 minutes)
	$(PYTHON) -m venv --clear build/newest
	build/newest/bin/python -m pip install --quiet --upgrade pip
	build/newest/bin/python -m pip install --quiet --editable '.[all,evidence]' --group dev --group load
	{ echo '# Exact versions of what every make target installs; written by `make constraints`.'; \
	build/newest/bin/python -m pip freeze --all --exclude-editable; } >constraints.txt
	rm -rf build/newest

clean:  ## remove everything that these targets create
	rm -rf .venv site build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Each set of packages has a file that records its last installation.

.venv/.created:
	@test -n "$(PYTHON)" || { echo "punchclock needs Python 3.11 or later; none was found on the PATH" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	@touch $@

.venv/.%: .venv/.created pyproject.toml constraints.txt
	$(PIP) --editable '$(EXTRAS)' $(addprefix --group ,$(GROUPS))
	@touch $@

.venv/.demo: EXTRAS := .[cli]
.venv/.serve: EXTRAS := .[sandbox]
.venv/.test: EXTRAS := .[all]
.venv/.test: GROUPS := test
.venv/.test-all: EXTRAS := .[all,evidence]
.venv/.test-all: GROUPS := test frames docs
.venv/.lint: EXTRAS := .[all,evidence]
.venv/.lint: GROUPS := test lint docs bench
.venv/.docs: EXTRAS := .[sandbox]
.venv/.docs: GROUPS := docs
.venv/.bench: EXTRAS := .[all]
.venv/.bench: GROUPS := bench
.venv/.evidence: EXTRAS := .[all,evidence]
.venv/.evidence: GROUPS := test
.venv/.build: EXTRAS := .
.venv/.build: GROUPS := build
