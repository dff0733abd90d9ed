# Every target is a line or two: the work is in recsite/local, which needs nothing but Python 3.11.
PYTHON ?= python3
LOCAL := @$(PYTHON) -m recsite.local
COMPILE := .venv/bin/uv pip compile -q --generate-hashes --python-version 3.11 --universal --custom-compile-command "make lock"

.PHONY: help setup demo stop reset test test-spark check lock bench
.DEFAULT_GOAL := help

help:
	@echo "make demo    run everything on demo data, at http://127.0.0.1:8000 (PORT=8123 moves it)"
	@echo "             DATA=path FORMAT=goodbooks runs it on a data set of yours"
	@echo "             WITH_PAST=1 makes four weeks to look at on it, too; WITH_PAST=0 none on the demo's own data"
	@echo "             KAFKA=1 runs it on a Kafka broker (Java 17 and Maven are needed)"
	@echo "make stop    stop the demo that runs in another terminal"
	@echo "make reset   stop it, and throw its data away"
	@echo "make test    run every test (ARGS=\"tests/local -x\" picks some)"
	@echo "make test-spark  install Spark (500 MB; Java 17 or 21 must be there) and run its tests, which make test skips without"
	@echo "make check   style, types, migrations, production settings"
	@echo "make bench   measure: import, training, scoring, serving"
	@echo "make setup   make the virtual environment alone (.venv)"
	@echo "make lock    compile requirements*.in to pinned requirements*.txt (ARGS=--upgrade moves the pins)"

setup demo stop reset check:
	$(LOCAL) $@

test:
	$(LOCAL) test $(ARGS)

test-spark: setup
	@.venv/bin/uv pip install -q -r requirements-spark.txt
	$(LOCAL) test tests/recommender/spark -n 0 $(ARGS)

bench: setup
	@.venv/bin/python -m tests.bench $(if $(DATA),--data "$(DATA)") $(if $(FORMAT),--format "$(FORMAT)") $(ARGS)

lock: setup
	$(COMPILE) $(ARGS) requirements.in -o requirements.txt
	$(COMPILE) $(ARGS) requirements-embeddings.in -o requirements-embeddings.txt
	$(COMPILE) $(ARGS) requirements-parquet.in -o requirements-parquet.txt
	$(COMPILE) $(ARGS) requirements-tracing.in -o requirements-tracing.txt
	$(COMPILE) $(ARGS) requirements-spark.in -o requirements-spark.txt
	$(COMPILE) $(ARGS) requirements-dev.in -o requirements-dev.txt
