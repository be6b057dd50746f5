# Two commands: `make demo` sets up and runs the main job on fcs_samples/, `make test` sets up and tests.
# `make help` lists the others.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
UNIT   := -n auto --dist worksteal -m "not benchmark and not slow"
LOWEST := .venv-lowest
# Tests run side by side already: threads of BLAS would only wait for each other.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# The tests start many processes of the program: each would compile it anew where Python is told to keep nothing.
TEST_ENV := $(ONE_THREAD) PYTHONDONTWRITEBYTECODE=

.PHONY: help demo test unit coverage test-lowest test-3.11 test-3.12 test-3.13 lint types imports bench comparisons guard validation \
  steadiness faults hostile kills many mutants package digests pages two-hundred reference notes lock clean

demo: $(VENV)/.demo-ready ## Set up and quantify the sample study in fcs_samples/demo.
	$(BIN)/cd38rd run fcs_samples/demo
	@echo "Your own study: copy FCS files into a folder my_study, then: $(BIN)/cd38rd init my_study"

help: ## List the targets, each with what it does.
	@awk -F ':|## ' '/^[a-z][a-z0-9.-]*[^=]*:.*## / { printf "make %-12s %s\n", $$1, $$NF }' $(MAKEFILE_LIST)

test: $(VENV)/.test-ready ## Set up and run all tests.
	$(TEST_ENV) $(BIN)/python -m pytest -n auto --dist worksteal -m "not benchmark"

unit: $(VENV)/.test-ready ## Run the tests without simulations and whole runs.
	$(TEST_ENV) $(BIN)/python -m pytest $(UNIT)

coverage: $(VENV)/.test-ready ## Run all tests and say which lines and branches they leave out; fails below the floors in pyproject.toml.
	$(TEST_ENV) $(BIN)/python -m pytest -n auto --dist worksteal -m "not benchmark" --cov --cov-branch --cov-report=term:skip-covered --cov-report=html --cov-report=json:htmlcov/all.json
	$(BIN)/python tests/branch_floors.py htmlcov/all.json

# An old library that warns of a newer one is no fault of ours: such warnings are no errors here.
test-lowest: $(VENV)/.test-ready ## Run the unit tests with the lowest versions that pyproject.toml allows.
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv venv -q --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install -q --python $(LOWEST)/bin/python --resolution lowest-direct --group dev -e .
	$(LOWEST)/bin/python -m pytest $(UNIT) -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning

test-3.11: ## Run the unit tests with Python 3.11; says so and stops where it is not installed.
test-3.12: ## Run the unit tests with Python 3.12; says so and stops where it is not installed.
test-3.13: ## Run the unit tests with Python 3.13; says so and stops where it is not installed.
test-3.11 test-3.12 test-3.13: test-%:
	@if python$* -c '' 2> /dev/null; \
	then $(MAKE) VENV=.venv-$* PYTHON=python$* unit; \
	else echo "test-$*: skipped, python$* is not on this machine"; fi

lint: $(VENV)/.test-ready ## Check style and layout of the code.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test-ready ## Check the types.
	$(BIN)/mypy

imports: $(VENV)/.test-ready ## Check that no package imports one above it.
	$(BIN)/lint-imports

bench: $(VENV)/.test-ready ## Measure speed and memory, and write docs/performance.md.
	cd tests && $(ONE_THREAD) ../$(BIN)/python -m performance.write

comparisons: $(VENV)/.test-ready ## Print the ratio of parts of the program to other software.
	$(BIN)/python -m pytest tests/benchmarks -m benchmark -s -p no:xdist

guard: $(VENV)/.test-ready ## Fail where a ratio of speeds has fallen back by a quarter.
	$(ONE_THREAD) $(BIN)/python -m pytest -q -p no:xdist tests/performance/test_guard.py

validation: $(VENV)/.test-ready ## Run simulations with known truth and write docs/validation.md again.
	cd tests && $(ONE_THREAD) ../$(BIN)/python -m validation.write --out ../docs/validation.md

steadiness: $(VENV)/.test-ready ## Shake simulated tubes by a millionth of their noise; print which change any cell.
	cd tests && $(ONE_THREAD) ../$(BIN)/python -m validation.steadiness

faults: $(VENV)/.test-ready ## Type 4,000 faults into sheets and read 200 odd studies; write docs/trust.md.
	cd tests && ../$(BIN)/python -m trust.typed_faults

hostile: $(VENV)/.test-ready ## Read 20,000 damaged FCS, FlowJo, GatingML, xlsx and CSV files; write docs/trust.md.
	cd tests && ../$(BIN)/python -m trust.hostile_files

kills: $(VENV)/.test-ready ## Kill runs, fill their disks, and compare what they resume to; write docs/trust.md.
	cd tests && ../$(BIN)/python -m trust.kills

many: $(VENV)/.test-ready ## Run 1,000 tubes on three workers of which one is killed every 5 s; write docs/trust.md.
	cd tests && ../$(BIN)/python -m trust.many_tubes

mutants: $(VENV)/.test-ready ## Change the program in 300 places; say which no test notices in docs/trust.md.
	$(TEST_ENV) $(BIN)/python -m pytest $(UNIT) --cov --cov-branch --cov-context=test --cov-report=
	cd tests && ../$(BIN)/python -m trust.mutants

package: $(VENV)/.test-ready ## Build wheel and source archive, run each in a bare environment, look up known holes; write docs/trust.md.
	cd tests && ../$(BIN)/python -m trust.package

digests: $(VENV)/.test-ready ## Write the digests of the demo's results and of kept answers again, after numbers changed on purpose.
	cd tests && ../$(BIN)/python -m validation.demo_digests && ../$(BIN)/python -m validation.kept_answers

pages: $(VENV)/.test-ready ## Do what the pages of docs say, and write again what they show, with their pictures.
	$(BIN)/python tests/doc_pages.py

two-hundred: $(VENV)/.test-ready ## Find and mend three doubtful tubes of 200 on the review page, and write how long it took.
	cd tests && ../$(BIN)/python -m pages.two_hundred

reference: $(VENV)/.test-ready ## Write docs/reference again, from the docstrings.
	$(BIN)/python tests/doc_reference.py

notes: $(VENV)/.test-ready ## Print the notes of the next release, from docs/changes.
	$(BIN)/python tests/release_notes.py

# Exact versions and hashes of everything that is installed; made again only on purpose.
lock: $(VENV)/.test-ready ## Write the lock files again, after a dependency was added or raised.
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --group dev pyproject.toml -o requirements-dev.lock

$(VENV)/.demo-ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	@touch $@

$(VENV)/.test-ready: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	@touch $@ $(VENV)/.demo-ready

clean: ## Remove what was installed, cached and computed here.
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov fcs_samples/*/results
