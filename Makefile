# Few targets, each one command that can be typed as well. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help up demo test lint e2e verify bench verify-deploy

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

up: ## start everything on this machine, with sample data; Ctrl-C stops it
	go run ./cmd/dtks up

demo: ## on the running stack: prove the invariants, then show one area's families as a subscriber sees them
	go run ./cmd/dtks check
	go run ./cmd/dtks subscribe --kind family --area 32.04 --until

test: ## all tests of all modules, race detector on; e2e last
	go run ./cmd/dtks test

e2e: ## the end-to-end tests alone, on real programs, PostgreSQL and NATS
	go test -count=1 -timeout 20m ./e2e/...

lint: ## gofmt, go vet, golangci-lint
	.ci/run lint

verify: ## generated files are up to date
	.ci/run verify

bench: ## every benchmark, each on a stack of its own
	go run ./cmd/dtks bench all

verify-deploy: ## images, compose and manifests against a real Docker engine and Kubernetes API server; root, not in CI
	deploy/verify-compose.sh
	deploy/verify-k8s.sh
