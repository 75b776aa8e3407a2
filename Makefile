# Every target is a plain command that can be typed, too.

GO          ?= go
CONFORMANCE := $(GO) run ./suites/cmd/conformance

# Packages in which goroutines meet.
RACE := ./schemas/... ./harness/... ./fixtures/... ./mockidserver/... ./suites/cmd/...

# SIDECARS=containers|embedded|external says where mail catcher and identity servers
# run; KEEP=1 leaves everything up after a failure, until Ctrl-C.
COMMON = $(if $(SIDECARS),--sidecars=$(SIDECARS)) $(if $(KEEP),--keep)

# Images that the suite makes itself are made anew before a run that takes them.
# Without Docker the run says what that means.
own_images = $(if $(filter containers,$(SIDECARS))$(IMAGE),if docker version >/dev/null 2>&1; then .ci/images mailpit mockidserver; fi,true)

.PHONY: conformance qualify qualify-synapse qualify-dendrite preflight build images compare list test faults containers bench check schemas help

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

conformance: ## judge the bundled reference homeserver, or HOMESERVER_URL=…; more flags in ARGS
	@$(own_images)
	@$(CONFORMANCE) run $(if $(HOMESERVER_URL),--url=$(HOMESERVER_URL)) $(COMMON) $(ARGS)

# EXPECTATIONS=file replaces the target's own list of known failures; EXPECTATIONS=
# (empty) runs without one.
qualify: ## judge a homeserver that the suite starts: TARGET=synapse ROOTFS=… or IMAGE=…, TARGET=dendrite BINARY=… or IMAGE=…, TARGET=./folder
	@test -n "$(TARGET)" || { echo "Say which homeserver: make qualify TARGET=synapse ROOTFS=/path/to/root" >&2; exit 2; }
	@$(own_images)
	@$(CONFORMANCE) run --target=$(TARGET) --require=declared $(COMMON) \
		$(if $(ROOTFS),--target-option=rootfs=$(ROOTFS)) $(if $(IMAGE),--target-option=image=$(IMAGE)) \
		$(if $(BINARY),--target-option=binary=$(BINARY)) \
		$(if $(filter-out undefined,$(origin EXPECTATIONS)),--expectations=$(EXPECTATIONS)) $(ARGS)

# What these leave is in RESULTS/synapse and RESULTS/dendrite.
RESULTS ?= results
qualify-synapse: ## judge Synapse in ROOTFS=…, and test the suite on what it left
	@$(MAKE) --no-print-directory qualify TARGET=synapse ARGS="--results=$(RESULTS)/synapse $(ARGS)"
	SYNAPSE_ROOTFS=$(abspath $(ROOTFS)) $(GO) test -count=1 ./fixtures/targets/synapse
	SYNAPSE_RESULTS=$(abspath $(RESULTS)/synapse) $(GO) test -count=1 -run='Qualified|Browser' ./suites/selftest

qualify-dendrite: ## judge Dendrite, BINARY=…, and test the suite on what it left
	@$(MAKE) --no-print-directory qualify TARGET=dendrite ARGS="--results=$(RESULTS)/dendrite $(ARGS)"
	DENDRITE_BINARY=$(abspath $(BINARY)) $(GO) test -count=1 ./fixtures/targets/dendrite
	DENDRITE_RESULTS=$(abspath $(RESULTS)/dendrite) $(GO) test -count=1 -run=Qualified ./suites/selftest

preflight: ## look at HOMESERVER_URL=… without judging it: will a run work?
	@$(CONFORMANCE) preflight $(if $(HOMESERVER_URL),--url=$(HOMESERVER_URL)) $(COMMON) $(ARGS)

build: ## the suite as one static program, bin/conformance
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w' -o $(or $(BIN),bin)/conformance ./suites/cmd/conformance

images: ## the images of mail catcher, identity server, reference homeserver and suite, without a registry
	.ci/images

list: ## operations × requirements, with the number of specs
	@$(CONFORMANCE) list

test: check ## lint, unit tests, and the suite run as its users run it; a sample of the faults
	$(GO) test -race $(RACE)
	$(GO) test -count=1 -parallel=8 ./suites/selftest/...

containers: ## judge homeservers in containers; ROOTFS=… and BINARY=… add Synapse and Dendrite
	.ci/containers

faults: ## every fault: the matrix of faults and requirements, in results/; RECORD=1 writes what moved
	$(GO) run ./suites/cmd/faults $(if $(RECORD),--record) $(ARGS)

bench: ## what a run costs, from its own record, in results/bench.json; ROOTFS=… adds Synapse
	$(GO) run ./suites/cmd/bench $(if $(ROOTFS),--rootfs=$(ROOTFS)) $(ARGS)

check:
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) tool actionlint -shellcheck= -pyflakes= .github/workflows/*.yml .ci/examples/github-*.yml

compare: ## what changed between two reports: OLD=… NEW=…, files or results folders
	@test -n "$(OLD)" -a -n "$(NEW)" || { echo "Say which reports: make compare OLD=old/report.json NEW=results" >&2; exit 2; }
	@$(CONFORMANCE) compare $(ARGS) $(OLD) $(NEW)

schemas: ## extract the JSON schemas of all versions in SPEC=folder with v1.1, v1.2, …; CHECK=1 only compares
	@test -n "$(SPEC)" || { echo "Say where the spec's OpenAPI files are: make schemas SPEC=…" >&2; exit 2; }
	$(GO) run ./schemas/cmd/extract --spec $(SPEC) $(if $(CHECK),--check)
