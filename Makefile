PYTHON ?= python3
PORT ?= 8080
BIN := .venv/bin
export PYTHONPATH := $(CURDIR)
# Some images set this; then each run of the tests would compile all of them anew, in each worker.
unexport PYTHONDONTWRITEBYTECODE
# onnxruntime would report its use to its maker.
export ORT_DISABLE_TELEMETRY := 1

.PHONY: help install demo dev emulators test test-long as-deployed check simulate torture bench live clean

help: ## Show what there is to do
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: requirements.txt requirements-slim.txt requirements-dev.txt constraints.txt infra/weights.py
	@$(PYTHON) -c 'import sys; sys.exit("Mascotry needs Python 3.11 or newer: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	$(BIN)/python -m infra.weights
	@echo "Compiling what the cut-out needs, which takes a minute, once"
	@$(BIN)/python -c "import rembg"
	@touch $@

# What checks the deployment's policy wants other versions of what the runtime needs.
.venv-checks/installed: infra/checks/requirements.txt
	@$(PYTHON) -m venv .venv-checks
	.venv-checks/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# Exactly the packages of each image, for trying the functions as they are deployed.
.venv-slim/installed: requirements-slim.txt constraints.txt
	@rm -rf .venv-slim && $(PYTHON) -m venv .venv-slim
	.venv-slim/bin/pip install --quiet --disable-pip-version-check -r $< -c constraints.txt
	@touch $@

.venv-media/installed: requirements.txt requirements-slim.txt constraints.txt
	@rm -rf .venv-media && $(PYTHON) -m venv .venv-media
	.venv-media/bin/pip install --quiet --disable-pip-version-check -r $< -c constraints.txt
	@NUMBA_CACHE_DIR=$(CURDIR)/.venv-media/numba NUMBA_CPU_NAME=generic .venv-media/bin/python -c "import rembg"
	@touch $@

# Programs that write clients from the API's document, for the long tests; those of Node where it is.
.generators/installed: tests/generators/requirements.txt tests/generators/package.json tests/generators/package-lock.json
	@rm -rf .generators && mkdir .generators && $(PYTHON) -m venv .generators/python
	.generators/python/bin/pip install --quiet --disable-pip-version-check -r $<
	cp tests/generators/package.json tests/generators/package-lock.json .generators/
	@if command -v npm >/dev/null; then cd .generators && npm ci --silent --ignore-scripts --no-audit --no-fund; \
	  else echo "npm is not installed: the generators that need Node are not tried" >&2; fi
	@touch $@

# What the browser tests drive: fetched where that needs nobody's leave; elsewhere they are skipped,
# and the run ends by saying so. Firefox finds H.264 in a package that it only recommends, and WebGL
# where there is a display.
.PHONY: browsers
browsers:
	@command -v chromium >/dev/null && command -v firefox-esr >/dev/null && command -v Xvfb >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing browsers for the tests" \
	  && apt-get update -qq && export DEBIAN_FRONTEND=noninteractive \
	  && apt-get install -y -qq --no-install-recommends chromium xvfb && apt-get install -y -qq --install-recommends firefox-esr; \
	} >/dev/null 2>&1 || true

install: .venv/installed ## Create .venv with the pinned requirements and the cut-out weights

demo: install ## Make a mascot in every format: CHARACTER="…" ACTION="…" MOTION="…" BACKEND=emulators
	@$(BIN)/python -m infra.demo $(if $(CHARACTER),--character "$(CHARACTER)") $(if $(ACTION),--action "$(ACTION)") $(if $(MOTION),--motion "$(MOTION)") $(if $(NAME),--name "$(NAME)") $(if $(DURATION),--duration "$(DURATION)") $(if $(BACKEND),--backend "$(BACKEND)")

dev: install ## Serve the API and the assets on PORT
	@MASCOTRY_WEBHOOK_LOOPBACK=true $(BIN)/python -m infra.local --port $(PORT)

emulators: install ## Serve the same on emulators of Google Cloud, as it is deployed, on PORT
	@MASCOTRY_WEBHOOK_LOOPBACK=true $(BIN)/python -m infra.emulators --port $(PORT)

# Files are shared out among the cores; the tests of one file stay together. In their own order, the
# long ones (browser, e2e) come early; by number of tests, these would be the last, with one core idle.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: install .venv-checks/installed .venv-slim/installed browsers ## Run the tests
	$(PYTEST)

LONG := tests/infra/test_memory.py tests/infra/test_crowd.py tests/media/test_mutations.py tests/generators tests/types
test-long: install .generators/installed ## Run what takes minutes: memory, a crowd, changed files, generated clients
	MASCOTRY_LONG=1 $(BIN)/python -m pytest $(LONG)

as-deployed: install .venv-slim/installed .venv-media/installed ## Try every function as on Google Cloud
	MASCOTRY_AS_DEPLOYED=all $(BIN)/python -m pytest -s tests/deployed

check: install .venv-checks/installed .venv-slim/installed browsers ## Lint, types, and the tests with warnings as errors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST)

SEEDS ?= 10000
simulate: install ## Try SEEDS random histories of faults; SEED=1234 tells what happens in one
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

JOBS ?= 200
torture: install ## Kill the real stack again and again while it does JOBS jobs
	@$(BIN)/python -m tests.e2e.torture --jobs $(JOBS)

bench: install ## Measure; a table, and JSON under bench-results/
	$(BIN)/python -m tests.bench

live: install ## Try a real provider, which costs money: PROVIDER=google VIDEO=1
	@$(BIN)/python -m infra.live --provider "$(PROVIDER)" $(if $(VIDEO),--video) $(if $(YES),--yes)

clean: ## Remove what was installed and made (not .mascotry, your data)
	rm -rf .venv .venv-checks .venv-slim .venv-media .generators .models out bench-results .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
