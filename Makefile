# Callboard. `make help` says what there is; the work is in scripts/, so that it reads as shell.
SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
# Arguments of the server: make run ARGS="--listen 127.0.0.1:8080 --data /tmp/callboard"
ARGS    ?=

# What a plugin or the UI is made of. Files of the host are left to the Go tool, which knows them.
sdk_files    := $(shell find sdk -name '*.go' -not -name '*_test.go') sdk/go.mod sdk/go.sum
ui_files     := $(shell find ui/src ui/public ui/scripts -type f -not -name '*.test.ts' -not -name '*.test.tsx') ui/index.html ui/vite.config.ts ui/tsconfig.json
core_plugins := $(patsubst plugins/%/plugin.yaml,%,$(wildcard plugins/*/plugin.yaml))
plugin_wasm  := $(core_plugins:%=plugins/%/dist/plugin.wasm)

##@ Use it

.PHONY: help
help: ## List everything (default)
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo

.PHONY: run
run: build ## Set everything up and serve the example company on http://127.0.0.1:7007
	@echo "==> starting Callboard with the example company (Ctrl-C ends it)"
	@exec bin/callboard serve $(ARGS)

.PHONY: build
build: bin/callboard ## Build the UI, the core plugins and bin/callboard

.PHONY: clean
clean: ## Remove what was built (not ./data)
	rm -rf bin .cache ui/node_modules e2e/backstage-client/node_modules tools/spectral/node_modules ui/playwright-report ui/test-results ui/coverage
	find ui/dist plugins/*/dist -mindepth 1 -not -name .gitkeep -delete

##@ Change it

.PHONY: test
test: ## Run every test, after setting up what they need
	@scripts/test.sh go modules rego ui e2e client

.PHONY: test-go
test-go: ## Run the Go tests, with the race detector where it tells most (RACE=all: everywhere), and build each module on its own
	@scripts/test.sh go modules

.PHONY: test-rego
test-rego: ## Run the tests of the policies, which must cover every line
	@scripts/test.sh rego

.PHONY: test-ui
test-ui: ## Check the types of the UI and run its unit tests
	@scripts/test.sh ui

.PHONY: test-e2e
test-e2e: ## Run Chromium and the real Backstage client against the real binary
	@scripts/test.sh e2e client

.PHONY: lint
lint: ## Check formatting and run every linter
	@scripts/lint.sh

.PHONY: fmt
fmt: ## Format Go and Rego, and let eslint repair what it can
	@scripts/fmt.sh

.PHONY: generate
generate: packages ## Write generated sources again: codecs, API types
	@scripts/generate.sh

.PHONY: generate-check
generate-check: packages ## Fail when a generated source is not up to date
	@scripts/generate.sh --check

##@ Measure it

.PHONY: bench
bench: build ## Measure; docs/benchmarks.md explains the figures
	@scripts/bench.sh

.PHONY: bench-growth
bench-growth: build ## Measure catalogs of 1,000 to 100,000 entities and draw the curves
	@scripts/bench.sh growth

.PHONY: bench-plugins
bench-plugins: plugins ## Compare the plugin runtime with wazero alone, Extism and go-plugin
	@scripts/bench-plugins.sh

.PHONY: bench-profile
bench-profile: build ## Say which stage the CPU time of each request goes to
	@scripts/bench.sh profile

.PHONY: soak
soak: ## Fuzz every target for a while (FUZZTIME=1m) and repeat the race tests (COUNT=5)
	@scripts/soak.sh

.PHONY: image-check
image-check: build ## Build the final stage of the image around bin/callboard and check it
	@deploy/scripts/image-check.sh

# Real files from here on: a second `make run` builds nothing and starts at once.

.cache/prerequisites: scripts/prerequisites.sh go.work ui/package.json
	@scripts/prerequisites.sh
	@mkdir -p $(@D) && touch $@

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json | .cache/prerequisites
	@echo "==> installing the packages of the UI (about a minute, once)"
	@cd ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

e2e/backstage-client/node_modules/.package-lock.json: e2e/backstage-client/package.json e2e/backstage-client/package-lock.json | .cache/prerequisites
	@echo "==> installing the real Backstage client, for the tests"
	@cd e2e/backstage-client && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

tools/spectral/node_modules/.package-lock.json: tools/spectral/package.json tools/spectral/package-lock.json | .cache/prerequisites
	@echo "==> installing spectral, which lints openapi.json"
	@cd tools/spectral && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

ui/dist/index.html: $(ui_files) ui/node_modules/.package-lock.json
	@echo "==> building the UI"
	@cd ui && npm run build --silent >../.cache/ui-build.log 2>&1 || { cat ../.cache/ui-build.log; exit 1; }
	@touch $@

define plugin_rule
plugins/$(1)/dist/plugin.wasm: $$(shell find plugins/$(1) -type f -not -path '*/dist/*' -not -name '*_test.go') $$(wildcard plugins/*.go) plugins/go.mod $$(sdk_files) scripts/plugin.sh | .cache/prerequisites
	@echo "==> building the core plugin $(1)"
	@scripts/plugin.sh plugins/$(1)
endef
$(foreach plugin,$(core_plugins),$(eval $(call plugin_rule,$(plugin))))

# The modules that the SDK needs, so that `plugin new` writes something that builds without a network.
sdk/starter/dist/modules.zip: sdk/go.mod sdk/go.sum $(wildcard sdk/starter/pack/*.go) | .cache/prerequisites
	@echo "==> packing the SDK's modules"
	@cd sdk && go run ./starter/pack

.PHONY: plugins
plugins: $(plugin_wasm) sdk/starter/dist/modules.zip

.PHONY: packages
packages: ui/node_modules/.package-lock.json e2e/backstage-client/node_modules/.package-lock.json

# Only the linters need these.
.PHONY: lint-packages
lint-packages: packages tools/spectral/node_modules/.package-lock.json

# Always asked, because the Go tool sees a change of any file and links only then.
.PHONY: bin/callboard
bin/callboard: ui/dist/index.html $(plugin_wasm) sdk/starter/dist/modules.zip | .cache/prerequisites
	@[ -x $@ ] || echo "==> building bin/callboard (a minute or two, once)"
	@CGO_ENABLED=0 go build -trimpath -tags timetzdata -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)" -o $@ ./host/cmd/callboard
