# Two commands: `make demo` sets up and runs the main job on fcs_samples/, `make test` sets up and tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test unit lint types imports bench validation lock clean

demo: $(VENV)/.demo-ready
	$(BIN)/cd38rd run fcs_samples/demo

test: $(VENV)/.test-ready
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not benchmark"

unit: $(VENV)/.test-ready
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not benchmark and not slow"

lint: $(VENV)/.test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test-ready
	$(BIN)/mypy

imports: $(VENV)/.test-ready
	$(BIN)/lint-imports

bench: $(VENV)/.test-ready
	$(BIN)/python -m pytest tests/benchmarks -m benchmark -s -p no:xdist

# Simulations with known truth; writes docs/validation.md.
validation: $(VENV)/.test-ready
	cd tests && OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ../$(BIN)/python -m validation.write --out ../docs/validation.md

# Exact versions and hashes of everything that is installed; made again only on purpose.
lock: $(VENV)/.test-ready
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

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis fcs_samples/*/results
