# Two commands, which need Python 3.10+, Node.js 20+ and, for the browser tests, apt:
#
#   make demo    trains six small networks and opens TensorBoard with the tab
#   make test    formatters, linters, type checks, unit tests, real trainings, a real browser

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 6006
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: demo test docs python frontend chromium lint unit symptom-charts screenshots benchmarks gpu fuzz compatibility sbom release clean

demo: $(VENV)/installed
	$(BIN)/gradhealth demo --port $(PORT) $(if $(LOGDIR),--logdir $(LOGDIR))

test: frontend lint docs unit

# The Python environment, with TensorFlow's CPU build unless TensorFlow is installed, and a release of PyTorch
# that some indexes have without CUDA's gigabytes. The editable install builds the tab. tf_keras is installed without its dependency "tensorflow", which would overwrite the
# files of "tensorflow-cpu".
$(VENV)/installed: pyproject.toml setup.py $(shell find frontend/src -type f) frontend/package-lock.json
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/python -c "import tensorflow" 2>/dev/null || $(BIN)/pip install --quiet "tensorflow-cpu>=2.21"
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/pip install --quiet "torch==2.13.0"
	$(BIN)/pip install --quiet --editable ".[test]"
	$(BIN)/pip install --quiet --no-deps tf_keras
	touch $@

python: $(VENV)/installed

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund

frontend: frontend/node_modules/.package-lock.json
	cd frontend && npm run check && npm test

# The browser tests use Debian's Chromium; set CHROMIUM to use another one.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || echo /usr/bin/chromium)
export CHROMIUM
$(CHROMIUM):
	$(SUDO) apt-get update --quiet --quiet
	$(SUDO) apt-get install --quiet --quiet --yes --no-install-recommends chromium
chromium: $(CHROMIUM)

lint: python
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: python chromium
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --durations=15

# The documentation, into site/: open site/index.html. Warnings are errors, links are checked.
docs: python
	$(BIN)/python docs/building/build.py site

# The charts of the symptoms' pages, from real trainings; some minutes. Look at them before you commit them.
symptom-charts: python
	$(BIN)/python docs/building/draw_symptoms.py gradhealth-zoo

# The pictures of the README in both themes, from a newly trained demo.
screenshots: python chromium
	$(BIN)/python tests/support/screenshots.py demo

# The tables of tests/benchmarks/README.md; run it on a machine without other load.
benchmarks: python chromium
	for name in tensors overhead torch_overhead jax_overhead first_step spikes time_budget many_fits log_size health reading scale fleet serving tab; do $(BIN)/python tests/benchmarks/$$name.py; done

# Checks of PyTorch and JAX on a GPU; without one it says so. It needs no TensorFlow.
gpu:
	$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) tests/gpu/run.py

# Reads a million broken event files on all cores; takes some minutes.
fuzz: python
	$(BIN)/python tests/fuzz/reading.py

# The oldest declared and the newest releases of everything, each in an environment of its own; about three minutes
# each. Needs python3.10 to python3.13, or PYTHON310=/path/to/python and so on; ONLY="oldest JAX" chooses by words.
compatibility: python
	$(BIN)/python tests/compatibility/run.py $(ONLY)
	$(BIN)/python tests/compatibility/extras.py

# dist/*.cdx.json (CycloneDX): what a new environment with the wheel contains, and what the tab is built from;
# what is bundled in it has the scope "required".
sbom: python
	$(BIN)/pip install --quiet --editable ".[release]"
	rm -rf build/sbom && $(PYTHON) -m venv build/sbom && build/sbom/bin/pip install --quiet .
	mkdir -p dist
	$(BIN)/cyclonedx-py environment build/sbom --output-reproducible --output-file dist/python.cdx.json
	cd frontend && npm sbom --sbom-format cyclonedx --package-lock-only > ../dist/tab.cdx.json

# dist/: the sdist and the wheel, for an index. GRADHEALTH_HOME=https://... is where its page finds the pictures.
release: docs
	$(BIN)/pip install --quiet --editable ".[release]"
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*.whl dist/*.tar.gz

clean:
	rm -rf $(VENV) build dist site *.egg-info frontend/node_modules tb_gradhealth/plugin/static
