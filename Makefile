# One to three lines a target; logic lives in Python. Settings: make run API_PORT=8001 SITE_PORT=8081
PYTHON ?= python3
RUN_ENVIRONMENT = $(PYTHON) -m local.environment .venv-run requirements-run.txt
ENVIRONMENT = $(PYTHON) -m local.environment .venv requirements-dev.txt

.PHONY: run test check

run: # the whole app on this machine
	@$(RUN_ENVIRONMENT) && exec .venv-run/bin/python run_local.py

test: # every test, those in the browser too
	@command -v chromium >/dev/null || { echo "Chromium is missing: sudo apt-get install --yes chromium" >&2; test "$$CI" != true; }
	@$(ENVIRONMENT) && exec .venv/bin/python -m pytest

check: # format, lint, types
	@$(ENVIRONMENT) && .venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy
	@cd training/source_dir && MYPYPATH=../../spectrogram_fn ../../.venv/bin/mypy --config-file ../../pyproject.toml *.py
