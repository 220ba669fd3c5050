# One to three lines a target; logic lives in Python. Settings: make run API_PORT=8001
PYTHON ?= python3
# Compiled Python is kept: without, importing TensorFlow takes each process 8 s, with it 3.
unexport PYTHONDONTWRITEBYTECODE
MODEL ?= training/model
STAGE ?= dev
# Each set of packages has an environment of its own, made once; only .venv holds TensorFlow.
with = "$(PYTHON)" -m local.venv .venv-$(1) requirements-$(1).txt && exec .venv-$(1)/bin/python
RUN = $(call with,run)
MEASURE = $(call with,measure)
CLOUD = $(call with,deploy)
ENVIRONMENT = "$(PYTHON)" -m local.venv .venv requirements-dev.txt
ALL = $(ENVIRONMENT) && exec .venv/bin/python
# Python 3.12's monitoring counts lines at a fraction of the cost.
COVERAGE_CORE = $(shell "$(PYTHON)" -c \
  'import sys; print(sys.version_info < (3, 12) and "ctrace" or "sysmon")')
# In the order in which one is a limit to the next.
LOCKED = birdapp/requirements birdapp/requirements-layer spectrogram_fn/requirements \
  training/requirements requirements-lock requirements-run classifier_fn/requirements requirements-measure \
  requirements-dev requirements-deploy requirements-stack training/requirements-launch
LOCK = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --no-build \
  --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.PHONY: run test check lock train cross-validate evaluate deploy destroy status close open load \
  artillery baseline crowd day power-tuning bench bench-page

# Name a missing program, and its package in Debian.
missing = command -v $(1) >/dev/null \
  || { echo "$(1) is missing: sudo apt-get install --yes $(1)" >&2; $(2); }
RECORDINGS_GIVEN = test -n "$(RECORDINGS)" \
  || { echo "Name the folder of the recordings: make $@ RECORDINGS=DIR" >&2; exit 1; }

run: # the whole app on this machine
	@$(RUN) run_local.py

test: # every test, and what they cover; ARGS=tests/test_wav.py runs some, without that
	@$(call missing,chromium,test "$$CI" != true)
	@$(call missing,espeak-ng,test "$$CI" != true)
	@export COVERAGE_CORE=$(COVERAGE_CORE); \
	  $(ALL) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(or $(ARGS),--cov)

check: # format, lint, types, templates, imports
	@$(call missing,npm,exit 1)
	@$(ENVIRONMENT) && .venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy
	@PYTHONPATH=. .venv/bin/python tests/lint_templates.py
	@.venv/bin/python -m pytest -q tests/test_imports.py
	@cd training/source_dir && MYPYPATH=.:../../spectrogram_fn ../../.venv/bin/mypy \
	  --explicit-package-bases --config-file ../../pyproject.toml *.py
	@frontend/check

lock: # requirements*.in -> requirements*.txt; ARGS=--upgrade renews what no .in pins
	@"$(PYTHON)" -m local.venv .venv-lock requirements-lock.txt
	@for set in $(LOCKED); do $(LOCK) $(ARGS) $$set.in -o $$set.txt || exit 1; done

train: MODEL = build/model
train: # RECORDINGS=DIR -> trained, scored model with its card, in build/model; ARGS: its options
	@$(RECORDINGS_GIVEN)
	@$(ALL) -m training.pipeline --recordings "$(RECORDINGS)" --model "$(MODEL)" $(ARGS)

cross-validate: # RECORDINGS=DIR -> scores of the recipe on all recordings, by five folds
	@$(RECORDINGS_GIVEN)
	@$(ALL) -m training.cross_validate --recordings "$(RECORDINGS)" $(ARGS)

evaluate: # RECORDINGS=DIR -> scores of the model, per species and overall
	@$(RECORDINGS_GIVEN)
	@$(MEASURE) -m training.evaluate --recordings "$(RECORDINGS)" --model "$(MODEL)" $(ARGS)

# Only a real deploy checks the model, with TensorFlow.
deploy: # everything to AWS; ARGS=--dry-run lists it with its price
	@$(if $(findstring --dry-run,$(ARGS)),$(CLOUD),$(ALL)) deploy.py deploy --stage $(STAGE) $(ARGS)

destroy status close open: # delete everything; list what exists; answer nobody; answer again
	@$(CLOUD) deploy.py $@ --stage $(STAGE) $(ARGS)

load: # the report's load tests on this machine; ARGS="--seconds 600" for their whole length
	@$(MEASURE) -m loadtests.load $(if $(KEEP),--keep) $(ARGS)

artillery: # the report's load tests with its own tool, by npx; ARGS="--seconds 20" shortens them
	@$(call missing,npm,exit 1)
	@$(MEASURE) -m loadtests.artillery $(if $(KEEP),--keep) $(ARGS)

crowd: # five times as many requests as this machine can answer: what they get
	@$(MEASURE) -m loadtests.crowd $(if $(KEEP),--keep) $(ARGS)

baseline: # the report's own path against this one, in turn; builds its network with TensorFlow
	@$(ALL) -m loadtests.baseline $(if $(KEEP),--keep) $(ARGS)

day: # simulated: what each preset costs, and how long people wait, at 100 to 100 million clips
	@$(MEASURE) -m loadtests.day $(if $(KEEP),--keep) $(ARGS)

power-tuning: # time and cost of both Lambdas at each memory size; as root, for the quotas
	@$(MEASURE) -m loadtests.power_tuning $(if $(KEEP),--keep) $(ARGS)

bench: # one client, a 5 s MP3: how long each stage takes
	@$(MEASURE) -m loadtests.bench $(if $(KEEP),--keep) $(ARGS)

bench-page: # the page in Chromium: time to the picture and to the first answer, long tasks
	@$(MEASURE) -m loadtests.bench_page $(if $(KEEP),--keep) $(ARGS)
