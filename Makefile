# Each target sets up what it needs in .venv; all that has to be there is Python 3.11 or later.
PYTHON ?= python3
PORT ?= 8866
HUB_PORT ?= 8000
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: serve lab hub test lint bench clean

serve: $(VENV)/ready  ## serve the lessons on http://127.0.0.1:$(PORT)
	$(RUN) -m deploy --port=$(PORT) $(ARGS)

lab: $(VENV)/ready  ## open the lessons in JupyterLab
	JUPYTER_CONFIG_PATH=deploy/jupyter $(RUN) -m jupyterlab notebooks/index.ipynb $(ARGS)

hub: $(VENV)/ready $(VENV)/proxy/ready  ## JupyterHub on http://127.0.0.1:$(HUB_PORT); see deploy/hub/README.md
	LESSONS_HUB_URL=$${LESSONS_HUB_URL:-http://127.0.0.1:$(HUB_PORT)} \
		$(RUN) -m jupyterhub --config=deploy/hub/jupyterhub_config.py $(ARGS)

# Headless tests share out the cores; those in a browser follow, one after the other: a page, its
# kernel and the server are busy enough. A status of 5 says that there are none of a kind among ARGS.
test: $(VENV)/ready $(VENV)/proxy/ready  ## run all tests; those in a browser need a Chromium or Chrome
	$(RUN) -m pytest -m "not browser" --numprocesses=auto --dist=load $(ARGS) || [ $$? = 5 ]
	$(RUN) -m pytest -m browser $(ARGS) || [ $$? = 5 ]

lint: $(VENV)/ready  ## check style
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

bench: $(VENV)/ready  ## measure speed; prints a table and writes bench_output/benchmarks.json
	$(RUN) -m benchmarks

.PHONY: load
load: $(VENV)/ready  ## a room of students at once; make load ARGS="--students 30 --lesson all"
	$(RUN) -m benchmarks.room $(ARGS)

clean:  ## remove what the targets above made
	rm -rf $(VENV) bench_output .pytest_cache .ruff_cache *.egg-info build

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

# The proxy of the hub is a program for node, which comes with the Python packages.
$(VENV)/proxy/ready: deploy/hub/package.json deploy/hub/package-lock.json | $(VENV)/ready
	mkdir -p $(VENV)/proxy
	cp deploy/hub/package.json deploy/hub/package-lock.json $(VENV)/proxy
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm ci --prefix $(VENV)/proxy --no-audit --no-fund --loglevel=error
	touch $@
