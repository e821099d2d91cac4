# Everything starts here: `make run` and `make test` do their own set-up.

PORT ?= 5000
SANDBOX_PORT ?= 5001
DATA ?= var
# What `make test` hands to pytest: make test ARGS="-k brake"
ARGS ?=
PEOPLE ?= 100000
EXAMPLES ?= 500
MINUTES ?= 5
DATABASE ?= sqlite
SEED ?= 1

VENV := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-faults test-properties soak bench bench-pages screenshots check audit sbom setup setup-run demo-reset lock format clean

help: ## Show this list
	@echo 'Jobbrücke. Usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup-run ## Start everything with demo data; PORT=5000, SANDBOX_PORT=5001, DATA=var
	@exec $(VENV)/jobbruecke demo --port '$(PORT)' --sandbox-port '$(SANDBOX_PORT)' --data '$(DATA)'

test: setup ## Run the checks, then every test
	@scripts/test $(ARGS)

test-all: setup ## Run everything: each twin on PostgreSQL, each fault at each place; before a release
	@scripts/test --all $(ARGS)

test-faults: setup ## Try every fault at every place, on both databases: docs/reliability.md
	@$(VENV)/python -m pytest tests/faults -m '' $(ARGS)

test-properties: setup ## Tell EXAMPLES=500 other stories to the stateful property test, on each database
	@JOBBRUECKE_PROPERTY_EXAMPLES='$(EXAMPLES)' $(VENV)/python -m pytest tests/properties/test_promise.py $(ARGS)

soak: setup ## Real processes, accidents every few seconds; MINUTES=5, DATABASE=sqlite or postgres, SEED=1
	@$(VENV)/python -m tests.soak.run --minutes '$(MINUTES)' --database '$(DATABASE)' --seed '$(SEED)'

bench: setup ## Measure lists and the nightly build; PEOPLE=100000
	@$(VENV)/python -m benchmarks.run --people '$(PEOPLE)'

bench-pages: setup ## Measure the list's pages and peers on PostgreSQL; PEOPLE=100000; installs the peers
	@$(VENV)/python -m benchmarks.pages --people '$(PEOPLE)'

screenshots: setup ## Take the pictures in docs/images anew, of the running demo; wants Chromium
	@$(VENV)/python -m tests.support.screenshots

check: setup ## Lint, format, types, security, templates, imports, vendored files
	@scripts/check

audit: setup ## Ask for known holes in the packages of requirements.lock; reaches out to the service of pip-audit
	@$(VENV)/pip-audit --requirement requirements.lock --no-deps --disable-pip

sbom: setup ## Write what the product consists of into build/sbom.cdx.json (CycloneDX)
	@$(VENV)/python scripts/sbom

setup: ## Make the virtual environment from the lock files
	@scripts/setup requirements-dev.lock

setup-run:
	@scripts/setup requirements-demo.lock

demo-reset: setup-run ## Forget the demo's data, so that `make run` starts over
	@$(VENV)/python -m demo.reset --data '$(DATA)'

lock: ## Pin the dependencies anew; LOCK_UPGRADE=1 takes the newest versions
	@scripts/lock

format: setup ## Format the code, and mend what ruff can
	@$(VENV)/ruff check --fix --quiet .
	@$(VENV)/ruff format --quiet .

clean: ## Remove the virtual environment and caches; the demo's data stays
	rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
