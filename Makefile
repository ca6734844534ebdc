# Everything that is needed beside Go is built or installed into ./bin.

VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOLANGCI_LINT := bin/golangci-lint-v2.11.4
ACTIONLINT    := bin/actionlint-v1.7.12

# Programs are built as they are released, without C; only the race detector needs it.
export CGO_ENABLED = 0

# Builds do not depend on the state of a git checkout but for the version.
GOBUILD := go build -buildvcs=false

.NOTPARALLEL: # check-generated writes what the others read

.PHONY: help
help: ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target about; do \
		printf '  %-16s %s\n' "$$target" "$$about"; done

.PHONY: build
build: bin/baton ## Build the connector, the local Descope and the c1z reader into ./bin
	$(GOBUILD) -ldflags '-X main.version=$(VERSION)' -o bin/baton-descope ./cmd/baton-descope
	$(GOBUILD) -o bin/descope-emulator ./cmd/descope-emulator

# The reader of c1z files, at the version of the SDK that go.mod names.
bin/baton: go.mod go.sum
	$(GOBUILD) -o $@ github.com/conductorone/baton-sdk/cmd/baton

.PHONY: demo
demo: build ## Sync a demo project from the local Descope and show what the file holds
	@internal/scripts/demo

# A connector for another API, in a module of its own.
EXAMPLE := mapping/examples/github

# What runs where: CONTRIBUTING.md. make vet has vetted what the other targets test.
GOTEST := go test -vet=off

.PHONY: test
test: vet check-generated unit examples race fuzz-quick ## Run what every change has to pass, for a few minutes

.PHONY: vet
vet: ## Run go vet
	go vet ./...
	go -C $(EXAMPLE) vet ./...

# The package with long tables, of which -short runs one case of eight, and the tests
# that -short leaves out there although they are not long.
LONG   := internal/descope
NORMAL := ^Test(Troubleshooting|Signals|StopsWithinAStep|Ended)$$

.PHONY: unit
unit: ## Run the tests, with a part of the long tables
	$(GOTEST) $$(go list ./... | grep -v '/$(LONG)$$')
	$(GOTEST) -short ./$(LONG)
	$(GOTEST) -run '$(NORMAL)' ./$(LONG)

.PHONY: examples
examples: ## Run the tests of the example connector, and check that its go.mod is tidy
	go -C $(EXAMPLE) mod tidy -diff
	go -C $(EXAMPLE) test -vet=off ./...

# Where there is concurrency: packages, and tests of whole syncs by name.
RACE       := ./connector/... ./internal/oneshot/... ./internal/emulator/...
RACE_SYNCS := ./$(LONG)
RACE_TESTS := ^Test(Workers|TwoSyncs|TwoConnectors|MoreSyncs|Syncs|Changes|ManyChanges|FreshConnector|PauseStops|Stopped)

.PHONY: race
race: ## Run the tests of what is concurrent with the race detector
	CGO_ENABLED=1 $(GOTEST) -race -short $(RACE)
	CGO_ENABLED=1 $(GOTEST) -race -short -run '$(RACE_TESTS)' $(RACE_SYNCS)

.PHONY: race-all
race-all: ## Run all tests with the race detector, of long tables a part
	CGO_ENABLED=1 $(GOTEST) -race -short ./...

# The connector as an AWS Lambda function, which is how ConductorOne hosts connectors:
# the SDK's tag adds the subcommand lambda. LAMBDA_ARCH is the function's.
LAMBDA_ARCH ?= arm64

.PHONY: lambda
lambda: ## Build the connector as an AWS Lambda function into ./bin: LAMBDA_ARCH=arm64 or amd64
	GOOS=linux GOARCH=$(LAMBDA_ARCH) $(GOBUILD) -tags baton_lambda_support -ldflags '-s -w -X main.version=$(VERSION)' -o bin/baton-descope-lambda ./cmd/baton-descope

.PHONY: test-lambda
test-lambda: ## Start that function beside a local AWS and ConductorOne, and sync through it
	go vet -tags baton_lambda_support ./cmd/baton-descope ./internal/hosted
	go test -tags baton_lambda_support -count=1 ./internal/hosted

# package:target of each fuzz test; FUZZTIME=10m looks for longer. A number of runs, not
# a time: at the end of its time go test -fuzz now and then fails by its own deadline.
FUZZ     := mapping:FuzzLoad mapping:FuzzExpression mapping:FuzzReference mapping:FuzzID mapping:FuzzInputs connector:FuzzPageToken connector:FuzzPage \
            connector/transport:FuzzClean connector/transport:FuzzBaseURL internal/examples:FuzzCase \
            internal/cli:FuzzConfigFile
FUZZTIME ?= 100000x

.PHONY: fuzz
fuzz: ## Run each fuzz test, led by the coverage of what it runs
	@set -e; for target in $(FUZZ); do \
		$(GOTEST) ./$${target%:*} -run '^$$' -fuzz "^$${target#*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x; done

# Led by coverage, go test compiles all packages beneath once more. These arguments are
# those of the test program, of which go test knows nothing.
.PHONY: fuzz-quick
fuzz-quick: ## Run each fuzz test a few thousand times, without coverage
	@set -e; for target in $(FUZZ); do \
		$(GOTEST) ./$${target%:*} -run '^$$' -args -test.fuzz "^$${target#*:}$$" -test.fuzztime 3000x \
			-test.fuzzminimizetime 5x -test.fuzzcachedir '$(CURDIR)/bin/fuzz'; done

# Syncs under mixed faults, of a project that changes, and one that is ended again and
# again. A failure names the SOAK_SEED with which that one sync runs again.
SOAK_SYNCS ?= 2000
SOAK_ENDS  ?= 70
SOAK       := ^Test(Soak|Ended)$$

.PHONY: soak
soak: ## Run the long tables in full, and sync a changing project under faults again and again
	$(GOTEST) ./$(LONG) -skip '$(SOAK)' -count=1
	SOAK_SYNCS=$(SOAK_SYNCS) BATON_DESCOPE_TEST_ENDS=$(SOAK_ENDS) $(GOTEST) ./$(LONG) -run '$(SOAK)' -count=1 -timeout 15m

# docs/performance.md says what is measured and how. BENCH has more flags.
BENCH ?=

.PHONY: bench
bench: ## Measure the connector beside the floor, for about a quarter of an hour
	go test -run '^$$' -bench . ./api ./mapping ./connector
	go run ./internal/bench $(BENCH)
	go run ./internal/bench -tenant-roles 0 $(BENCH)

.PHONY: bench-quick
bench-quick: ## Measure a sync of 10,000 users beside the floor, for about a minute
	go run ./internal/bench -users 10000 $(BENCH)

.PHONY: generate
generate: ## Regenerate the generated files
	go generate ./...
	go -C $(EXAMPLE) generate ./...
	$(GOBUILD) -o bin/baton-descope ./cmd/baton-descope
	bin/baton-descope capabilities > baton_capabilities.json
	bin/baton-descope config > config_schema.json

.PHONY: api-diff
api-diff: ## Compare api/descope.yaml with a newer document of the whole API: SPEC=FILE
	@$(GOBUILD) -o bin/api-diff ./internal/apidiff/cmd
	@bin/api-diff '$(SPEC)'

.PHONY: check-generated
check-generated: ## Fail when generated files are not up to date
	@internal/scripts/check-generated

.PHONY: lint
lint: $(GOLANGCI_LINT) $(ACTIONLINT) ## Run golangci-lint, and actionlint over the workflows
	$(GOLANGCI_LINT) run ./...
	cd $(EXAMPLE) && $(CURDIR)/$(GOLANGCI_LINT) run ./...
	$(ACTIONLINT)

$(GOLANGCI_LINT):
	GOBIN="$(CURDIR)/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.11.4
	mv bin/golangci-lint $@

$(ACTIONLINT):
	GOBIN="$(CURDIR)/bin" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	mv bin/actionlint $@

# os/arch of each program that is released.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

.PHONY: cross-build
cross-build: ## Build the connector for every platform, as it is released, into ./dist
	@set -e; for platform in $(PLATFORMS); do \
		os=$${platform%/*}; file=dist/$$(echo $$platform | tr / _)/baton-descope; \
		[ $$os != windows ] || file=$$file.exe; \
		GOOS=$$os GOARCH=$${platform#*/} $(GOBUILD) -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $$file ./cmd/baton-descope; \
		ls -l $$file; done

.PHONY: man
man: ## Write the man page and the shells' completions into ./bin
	$(GOBUILD) -ldflags '-X main.version=$(VERSION)' -o bin/baton-descope ./cmd/baton-descope
	mkdir -p bin/man bin/completions
	bin/baton-descope man >bin/man/baton-descope.1
	bin/baton-descope completion bash >bin/completions/baton-descope.bash
	bin/baton-descope completion zsh >bin/completions/_baton-descope
	bin/baton-descope completion fish >bin/completions/baton-descope.fish
	bin/baton-descope completion powershell >bin/completions/baton-descope.ps1

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin demo dist
