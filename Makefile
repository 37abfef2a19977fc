# Sets up everything that a fresh machine needs, step by step. A step is skipped if its inputs have
# not changed. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
STACK ?= dev
PYTHON ?= python3
LOCAL = unix:///var/run/docker.sock
IN_ENV = eval "$$(sh toolchain/env.sh)" &&
# A test that hangs fails, with the stack of each thread, instead of stopping all others.
at_most = -o faulthandler_timeout=$(1) -o faulthandler_exit_on_timeout=true
RESOLVE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
  --no-emit-index-url --no-emit-find-links pyproject.toml

help: ## show this help
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

up: prepared stack ## set up what is missing, then deploy the stack (STACK=dev)
	@echo "==> pulumi up ($(STACK))"
	@$(IN_ENV) fatectl repair --stack $(STACK) && pulumi up --yes --stack $(STACK)

preview: prepared stack ## show what `make up` would change
	@$(IN_ENV) pulumi preview --diff --stack $(STACK)

down: tools stack ## remove the stack's containers and networks; keep its data
	@$(IN_ENV) pulumi destroy --yes --stack $(STACK)

test: lint unit integration ## run everything that CI runs

lint: .venv/for-tests ## check formatting, lint and types
	@echo "==> lint"
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

unit: .venv/for-tests ## run the unit tests, which take seconds
	@echo "==> unit tests"
	@.venv/bin/pytest -q -n 2 $(call at_most,300) tests/unit

integration: .venv/for-tests ## run the tests with the real engine and their own Docker daemon (as root)
	@$(MAKE) --no-print-directory -j2 tools rootfs
	@# The browser is needed only later.
	@sh toolchain/docker.sh browser >/dev/null &
	@echo "==> integration tests"
	@.venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder $(call at_most,1800) \
	  --durations=10 tests/integration

env: tools ## print the environment for a shell: eval "$(make -s env)"
	@sh toolchain/env.sh

tools: .venv/installed ## install the pinned versions of the Pulumi CLI and its plugins
	@.venv/bin/python toolchain/install.py

docker: ## install the docker command, and start the daemon if the stack uses this machine's
	@if grep -q '$(LOCAL)' Pulumi.$(STACK).yaml; then mode=start; else mode=client; fi; \
	  sh toolchain/docker.sh $$mode

images: .venv/installed docker ## build the stack's images, if it builds its images on this machine
	@sh toolchain/images.sh $(STACK)

prepared:
	@# Builds of images mostly wait for packages, while those of the engine keep the cores busy.
	@$(MAKE) --no-print-directory -j2 tools images

rootfs: .venv/installed
	@sh toolchain/docker.sh test
	@.venv/bin/python -m tests.lab.build --rootfs

stack: tools
	@sh toolchain/stack.sh $(STACK)

generated: .venv/for-tests ## write the schema for editors and what the documentation says about keys
	@.venv/bin/python -m tools.generated

kills: .venv/for-tests tools ## kill 30 updates of each release line and repair them (as root; an hour)
	@sh toolchain/docker.sh test
	@KILLS=30 .venv/bin/pytest tests/integration/test_interruptions.py

bench: .venv/for-tests tools ## measure growth with the number of parties, against docker-compose, and over ssh (as root)
	@sh toolchain/docker.sh test
	@.venv/bin/python -m benchmarks.scale
	@.venv/bin/python -m benchmarks.compose
	@.venv/bin/python -m benchmarks.ssh

lock: .venv/for-tests ## resolve the dependencies in pyproject.toml again
	@$(RESOLVE) --group run -o requirements.lock
	@$(RESOLVE) --group dev --constraint requirements.lock -o requirements-dev.lock

.venv/installed: requirements.lock
	@echo "==> Python environment (.venv)" >&2
	@sh toolchain/venv.sh $(PYTHON) requirements.lock
	@touch $@

# It has all that the other one has, in the same versions.
.venv/for-tests: requirements-dev.lock
	@echo "==> Python environment (.venv), with what tests need" >&2
	@sh toolchain/venv.sh $(PYTHON) requirements-dev.lock
	@touch .venv/installed $@

.PHONY: bench help up preview down test lint unit integration env tools docker images prepared rootfs stack \
  generated kills lock
