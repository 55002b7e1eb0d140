# Slipway: make help lists what there is.
BIN       := bin/slipway
GO        ?= go
TEMPL     := $(GO) run github.com/a-h/templ/cmd/templ@v0.3.1100
LINT_VER  := v2.15.0
LINT      := bin/golangci-lint-$(LINT_VER)
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
PACKAGES  ?= ./...

.DEFAULT_GOAL := help
.PHONY: help run build generate lint test bench peers docker clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, then serve on http://127.0.0.1:8080 with data in var/
	$(BIN) serve

build: ## build bin/slipway
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/slipway

generate: ## regenerate _templ.go from the templ files
	$(TEMPL) generate -path views

lint: $(LINT) ## prove generated code fresh, then format, vet and lint
	$(TEMPL) generate -path views
	@test -z "$$(git status --porcelain -- '*_templ.go')" || { git status --short -- '*_templ.go'; echo 'generated code is stale: run make generate and commit it'; exit 1; }
	$(GO) mod verify
	$(LINT) run $(PACKAGES)

$(LINT):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VER)
	mv bin/golangci-lint $@

test: ## run every test (suites whose peer is absent are skipped by name)
	$(GO) test -timeout 20m $(PACKAGES)

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

peers: ## install the real far ends that tests use, from package registries
	./.ci/peers

docker: ## build the container image slipway:$(VERSION)
	docker build --build-arg VERSION=$(VERSION) -t slipway:$(VERSION) .

clean: ## remove what the build made; data in var/ stays
	rm -rf bin
