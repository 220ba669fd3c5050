# One to three lines a target; logic lives in Python. Settings: make run API_PORT=8001 SITE_PORT=8081
PYTHON ?= python3
MODEL ?= training/model
STAGE ?= dev
RUN_ENVIRONMENT = $(PYTHON) -m local.venv .venv-run requirements-run.txt
ENVIRONMENT = $(PYTHON) -m local.venv .venv requirements-dev.txt

.PHONY: run test check train evaluate deploy destroy status load bench bench-page

run: # the whole app on this machine
	@$(RUN_ENVIRONMENT) && exec .venv-run/bin/python run_local.py

test: # every test, those in the browser too
	@command -v chromium >/dev/null || { echo "Chromium is missing: sudo apt-get install --yes chromium" >&2; test "$$CI" != true; }
	@$(ENVIRONMENT) && exec .venv/bin/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: # format, lint, types
	@$(ENVIRONMENT) && .venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy
	@cd training/source_dir && MYPYPATH=.:../../spectrogram_fn ../../.venv/bin/mypy --explicit-package-bases --config-file ../../pyproject.toml *.py
	@frontend/check

train: MODEL = build/model
train: # RECORDINGS=DIR -> dataset -> trained, calibrated, exported and evaluated model with its card, in build/model
	@$(ENVIRONMENT) && .venv/bin/python -m training.prepare --recordings "$(RECORDINGS)" --output build/dataset
	@PYTHONPATH=spectrogram_fn .venv/bin/python training/source_dir/train.py --data build/dataset --model-dir "$(MODEL)" --checkpoint-dir build/checkpoints $(ARGS)
	@.venv/bin/python -m training.scores.model_card --recordings "$(RECORDINGS)" --dataset build/dataset --model "$(MODEL)"

evaluate: # RECORDINGS=DIR -> scores of the model, per species and overall
	@$(ENVIRONMENT) && .venv/bin/python -m training.evaluate --recordings "$(RECORDINGS)" --model "$(MODEL)"

deploy destroy status: # AWS: all up, all down, what stands; ARGS=--dry-run says what and its price
	@$(ENVIRONMENT) && exec .venv/bin/python deploy.py $(subst deploy,up,$(subst destroy,down,$@)) --stage $(STAGE) $(ARGS)

load: # the report's load tests against the local app; ARGS="--seconds 600" for their whole length
	@$(ENVIRONMENT) && exec .venv/bin/python -m loadtests.load $(ARGS)

bench: # one client, a 5 s MP3: how long each stage takes
	@$(ENVIRONMENT) && exec .venv/bin/python -m loadtests.bench $(ARGS)

bench-page: # the page in Chromium: time to the picture and to the first answer, long tasks
	@$(ENVIRONMENT) && exec .venv/bin/python -m loadtests.bench_page $(ARGS)
