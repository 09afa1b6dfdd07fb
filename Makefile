# Each target sets up in .venv what it needs and no more; all that has to be there is Python 3.11 or later.
# README.md has the same without make.
PYTHON ?= python3
PORT ?= 8866
HUB_PORT ?= 8000
FOLDER ?= pages
VENV := .venv
RUN := $(VENV)/bin/python
LESSONS := $(VENV)/bin/training-dynamics-lab
INSTALL := $(RUN) -m pip install --quiet --constraint constraints.txt

.PHONY: serve lab hub pages test check lint bench clean

serve: $(VENV)/ready  ## serve the lessons on http://127.0.0.1:$(PORT)
	$(LESSONS) serve --port=$(PORT) $(ARGS)

lab: $(VENV)/ready  ## open the lessons in JupyterLab
	$(LESSONS) lab $(ARGS)

hub: $(VENV)/hub-ready  ## JupyterHub on http://127.0.0.1:$(HUB_PORT); see deploy/hub/README.md
	LESSONS_HUB_URL=$${LESSONS_HUB_URL:-http://127.0.0.1:$(HUB_PORT)} $(LESSONS) hub $(ARGS)

pages: $(VENV)/ready  ## the lessons as plain files that play recorded runs, in FOLDER (pages)
	$(LESSONS) pages $(FOLDER)

# Headless tests share out the cores; those in a browser follow, one after the other: a page, its
# kernel and the server are busy enough. They follow too where a headless one fails, but not after Ctrl-C (2).
# A status of 5 says that there are none of a kind among ARGS. What failed, of both kinds, is named once more at the end.
test: needs $(VENV)/test-ready  ## run all tests
	@$(RUN) -m deploy.hub.proxy || [ -z "$$CI" ]
	@status=0; \
	$(RUN) -m pytest -m "not browser" --numprocesses=auto --dist=loadfile $(ARGS) || status=$$?; \
	[ $$status != 2 ] || exit 2; [ $$status != 5 ] || status=0; \
	$(RUN) -m pytest -m browser $(ARGS) || [ $$? = 5 ] || status=1; \
	[ $$status = 0 ] || $(RUN) -m pytest --cache-show cache/lastfailed; \
	exit $$status

# For every day: style, types, and of the headless tests those that are quick, for a few of the labs.
QUICK := tests/core tests/widgets tests/test_structure.py tests/test_sentences.py tests/test_glossary.py
check: lint $(VENV)/test-ready  ## what is quick of lint and test
	$(RUN) -m pytest $(QUICK) --few --numprocesses=auto --dist=loadfile --quiet $(ARGS)

.PHONY: needs
needs:
	@echo 'Tests need a Chromium or Chrome (or its path in CHROMIUM), and those of the hub a proxy from the npm registry.' \
		'Without: skipped, and said at the end; an error where CI is set.'

# Other processors add up the same numbers in another order, and a training that is followed for long takes another
# path there. Any x86 machine can stand in for these by leaving out what it has; two threads share sums out, too, and
# wait for each other without keeping a core busy. With "make -k" one that fails does not keep the others from running.
native :=
avx2 := ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2
sse4_2 := MKL_ENABLE_INSTRUCTIONS=SSE4_2
compatible := ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE
two-threads := LESSONS_TEST_THREADS=2 OMP_WAIT_POLICY=passive
PROCESSORS ?= native avx2 sse4_2 compatible two-threads
NUMERICAL := $(patsubst lessons/%/__init__.py,tests/%,$(wildcard lessons/*/__init__.py))

.PHONY: test-processors $(PROCESSORS:%=test-on-%)
test-processors: $(PROCESSORS:%=test-on-%)  ## the numerical tests, as other processors round; PROCESSORS=avx2 for one

$(PROCESSORS:%=test-on-%): test-on-%: $(VENV)/test-ready
	$($*) $(RUN) -m pytest --numprocesses=auto --dist=loadfile $(NUMERICAL) $(ARGS)

# What runs in the browser.
BROWSER := widgets/browser deploy/pages deploy/templates deploy/classroom tests/widgets/browser

lint: $(VENV)/lint-ready  ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/oxlint --quiet $(BROWSER)
	$(VENV)/bin/oxfmt --check $(BROWSER)

bench: $(VENV)/bench-ready  ## measure speed, in a Chromium too; prints a table and writes bench_output/benchmarks.json
	$(RUN) -m benchmarks

.PHONY: load
load: $(VENV)/bench-ready  ## a room of students at once; make load ARGS="--students 30 --lesson all"
	$(RUN) -m benchmarks.room $(ARGS)

clean:  ## remove what the targets above made
	rm -rf $(VENV) bench_output .mypy_cache .pytest_cache .ruff_cache *.egg-info build

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/ready: pyproject.toml setup.py constraints.txt | $(VENV)/made
	$(INSTALL) --editable .
	touch $@

# What hub, bench, lint and test need beside it: the extras of these names in pyproject.toml.
$(VENV)/%-ready: $(VENV)/ready
	$(INSTALL) --editable '.[$*]'
	touch $@
