# What each target needs beyond Go is installed by e2e/setup (Debian).
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT  = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
FUZZTIME   ?= 30s
# Those that need no C library; make e2e looks at the others.
EXAMPLES    = examples/hello examples/api

.PHONY: build test lint e2e bench fuzz

build:
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/lambdapack

# Everything that needs Go and nothing else.
test:
	go test ./...
	cd examples/hello && go test ./...

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	go mod tidy -diff
	go vet ./...
	GOOS=darwin GOARCH=arm64 go vet ./...
	GOOS=windows go vet ./...
	go run $(STATICCHECK) ./...
	go run $(ACTIONLINT)
	for dir in $(EXAMPLES); do (cd $$dir && go mod tidy -diff && go vet ./...) || exit 1; done
	for os in linux darwin windows; do for arch in amd64 arm64; do \
		GOOS=$$os GOARCH=$$arch go build -o /dev/null ./cmd/lambdapack || exit 1; done; done

# With foreign machines, other tools and a full disk. A missing prerequisite
# fails here; e2e/setup installs them on Debian as root.
e2e:
	e2e/setup
	LAMBDAPACK_FULL=1 go test -count=1 ./...
	cd examples/api && go test ./...
	cd examples/postgres && go mod tidy -diff && go vet ./...

bench:
	e2e/setup bench
	go run ./bench

# Each fuzz target in turn, for FUZZTIME.
fuzz:
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		grep -hos '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/func //' | while read -r target; do \
			echo "$$target in $$dir"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; done || exit 1; done
