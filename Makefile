# Building, running and testing Alert. It needs Rust, Node.js (with npm), Python 3 and make, and fetches the rest.

ARGS ?=
CARGO_FLAGS ?= --locked
# The binary that the end-to-end tests run; another one: make e2e ALERT_BIN=target/release/alert
ALERT_BIN ?= $(or $(CARGO_TARGET_DIR),target)/debug/alert

WEB := web/node_modules/.package-lock.json
E2E := e2e/node_modules/.package-lock.json
VENV := e2e/.venv/ready
# Where the Rust program of docs/clients is built.
CLIENTS := $(or $(CARGO_TARGET_DIR),target)/clients
RUST_CLIENT := $(CLIENTS)/debug/alert-client

E2E_TESTS := e2e-js test-cluster e2e-python e2e-openapi e2e-clients e2e-terminal e2e-browser e2e-doctor e2e-acme \
	e2e-monitoring
export RUSTDOCFLAGS := -D warnings

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: run
run: ## build and serve; flags: make run ARGS="--listen 0.0.0.0:5000"
	cargo run $(CARGO_FLAGS) --release --package alert -- $(ARGS)

.PHONY: build
build: ## build target/release/alert
	cargo build $(CARGO_FLAGS) --release --package alert

.PHONY: dist
dist: ## build what is given to others into target/dist: static and glibc binaries, a Debian package, SHA256SUMS
	packaging/dist

.PHONY: reproducible
reproducible: ## build twice in different folders, and compare (8 GB, two release builds); TARGET=x86_64-unknown-linux-musl
	packaging/reproducible $(TARGET)

# A Debian in a chroot, which needs root and Debian's packages; some minutes.
.PHONY: test-dist
test-dist: binary ## install, upgrade, remove and purge the Debian package, in a Debian of its own
	packaging/test-deb $(abspath $(ALERT_BIN))

.PHONY: test
test: lint test-rust test-epoll test-web e2e ## everything that a change has to pass
	@echo "make test: all passed"

.PHONY: lint
lint: fmt lint-web clippy doc deny lint-bench ## formatting, lints, documentation, licences, the pages of the benchmarks

.PHONY: fmt
fmt: ## check the formatting of the Rust code
	cargo fmt --all --check

.PHONY: clippy
clippy: | $(WEB) ## lint the Rust code
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

.PHONY: doc
doc: | $(WEB) ## build the documentation of the Rust code
	cargo doc $(CARGO_FLAGS) --workspace --no-deps

# The database of advisories is left out: it cannot be fetched everywhere.
.PHONY: deny
deny: ## check licences and sources of dependencies, where cargo-deny is installed (make tools)
	@if cargo deny --version >/dev/null 2>&1; \
	then cargo deny --locked check bans licenses sources; \
	else echo "SKIPPED: licences and sources of dependencies. cargo-deny is missing; make tools installs it."; fi

.PHONY: lint-bench
lint-bench: ## check that the pages and plots of the benchmarks are those of the results
	bench/run report --check

.PHONY: tools
tools: ## install what make test and make dist use where it is there (takes some minutes)
	cargo install --locked cargo-deny cargo-deb

.PHONY: lint-web
lint-web: $(WEB) $(E2E) ## check types, lints and formatting of the page and of the end-to-end tests
	cd web && npm run --silent check
	cd e2e && npm run --silent check

# Most of the tests wait for a server: twice as many at a time as there are processors.
.PHONY: test-rust
test-rust: | $(WEB) ## unit, integration and documentation tests
	e2e/need curl curl
	e2e/need openssl openssl
	e2e/need redis-server redis-server
	e2e/need systemd systemd-analyze
	RUST_TEST_THREADS=$$((2 * $$(getconf _NPROCESSORS_ONLN))) cargo test $(CARGO_FLAGS) --workspace

# The other half of what `io` chooses; where the system has no io_uring, test-rust is that already. Of the whole workspace, as
# test-rust is, which has the same features: nothing is compiled anew.
.PHONY: test-epoll
test-epoll: | $(WEB) ## the tests of delivery once more, without io_uring; all tests: ALERT_IO=epoll make test
	ALERT_IO=epoll cargo test $(CARGO_FLAGS) --workspace --test suite -- \
		chat:: half_close:: pressure:: receipts:: room_order:: rooms:: shutdown:: slow_consumer:: turns:: upgrade_under_load::
	ALERT_IO=epoll cargo test $(CARGO_FLAGS) --workspace --test api -- io:: listening:: metrics:: replay:: stall::

.PHONY: test-web
test-web: $(WEB) ## tests of the page's modules
	cd web && npm test --silent

.PHONY: e2e
e2e: $(E2E_TESTS) ## real clients and a real browser against the built binary

.PHONY: binary
binary: | $(WEB)
	cargo build $(CARGO_FLAGS) --package alert

$(E2E_TESTS) e2e-contract-on-redis e2e-contract-on-tls: export ALERT_BIN := $(abspath $(ALERT_BIN))

.PHONY: e2e-js
e2e-js: binary $(E2E) ## the contract with the official JavaScript client
	cd e2e && npm test --silent

.PHONY: test-cluster
test-cluster: binary $(E2E) $(VENV) ## several servers with one Redis, and what happens when they fail; one file: ARGS=cluster/redis.test.mjs
	e2e/need redis-server redis-server
	e2e/need iproute2 ip
	e2e/need nginx-light /usr/sbin/nginx nginx
	e2e/need haproxy /usr/sbin/haproxy haproxy
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || e2e/need faketime faketime
	cd e2e && npm run --silent test:cluster -- $(ARGS)

.PHONY: proof-cluster
proof-cluster: export ALERT_PROOF := 1
proof-cluster: test-cluster ## the same with every fault in every length: minutes

.PHONY: proof-clock
proof-clock: binary $(E2E) $(WEB) ## 500 clients whose clocks are an hour off count as one, also when the server's clock is set
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || e2e/need faketime faketime
	ALERT_BIN=$(abspath $(ALERT_BIN)) node bench/clock.mjs

.PHONY: e2e-contract-on-redis
e2e-contract-on-redis: binary $(E2E) ## the contract with the official JavaScript client, on servers with Redis (minutes)
	e2e/need redis-server redis-server
	cd e2e && ALERT_TEST_REDIS=1 npm test --silent

# A folder with a certificate for 127.0.0.1, and its key.
TLS := $(abspath $(or $(CARGO_TARGET_DIR),target)/e2e-tls)

.PHONY: e2e-contract-on-tls
e2e-contract-on-tls: export ALERT_TEST_TLS := $(TLS)
e2e-contract-on-tls: export NODE_EXTRA_CA_CERTS := $(TLS)/cert.pem
e2e-contract-on-tls: binary $(E2E) ## the contract with the official JavaScript client, on servers with TLS (minutes)
	e2e/need openssl openssl
	mkdir -p $(TLS)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $(TLS)/key.pem -out $(TLS)/cert.pem \
		-days 30 -subj /CN=alert -addext subjectAltName=IP:127.0.0.1,DNS:localhost \
		-addext basicConstraints=critical,CA:FALSE
	cd e2e && npm test --silent

.PHONY: e2e-python
e2e-python: binary $(VENV) ## the contract with python-socketio, and the streams with requests and behind HAProxy
	e2e/need haproxy /usr/sbin/haproxy haproxy
	e2e/need redis-server redis-server
	e2e/.venv/bin/python e2e/python/test_contract.py
	e2e/.venv/bin/python e2e/python/test_v2.py
	e2e/.venv/bin/python e2e/python/test_streams.py
	e2e/.venv/bin/python e2e/python/test_balanced.py

.PHONY: e2e-terminal
e2e-terminal: binary $(VENV) ## alert join on a terminal, completions and the manual
	e2e/need zsh zsh
	e2e/need fish fish
	e2e/need groff groff
	e2e/.venv/bin/python e2e/python/test_terminal.py

.PHONY: e2e-openapi
e2e-openapi: binary $(VENV) ## docs/openapi.yaml against the server
	e2e/.venv/bin/python e2e/python/test_openapi.py

# On a release build, which leaves less time between an ack and the kill.
.PHONY: proof
proof: build $(E2E) ## kill -9 twenty times under load, with a ledger: a minute
	cd e2e && KILL_ROUNDS=20 ALERT_BIN=$(abspath $(or $(CARGO_TARGET_DIR),target)/release/alert) node --test --test-timeout=600000 contract/kill.test.mjs contract/roll_kill.test.mjs

# The Rust program stands alone, as a user's would; its library needs OpenSSL.
.PHONY: e2e-clients
e2e-clients: export RUST_CLIENT := $(abspath $(RUST_CLIENT))
e2e-clients: binary $(E2E) $(WEB) $(VENV) ## the programs of docs/clients
	e2e/need curl curl
	pkg-config --exists openssl || e2e/need "pkg-config libssl-dev" openssl-headers
	CARGO_PROFILE_DEV_DEBUG=none cargo build --locked --quiet --manifest-path docs/clients/rust/Cargo.toml --target-dir $(CLIENTS)
	cd e2e && npm run --silent test:clients

.PHONY: e2e-browser
e2e-browser: binary $(E2E) ## the page in headless Chromium
	e2e/need "chromium fonts-dejavu-core" $(or $(CHROMIUM),chromium chromium-browser google-chrome)
	e2e/need redis-server redis-server
	e2e/need haproxy /usr/sbin/haproxy haproxy
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || e2e/need faketime faketime
	cd e2e && npm run --silent test:browser

.PHONY: e2e-doctor
e2e-doctor: binary $(E2E) ## alert doctor against nginx, right and wrong, and odd servers
	e2e/need nginx-light /usr/sbin/nginx nginx
	e2e/need openssl openssl
	cd e2e && npm run --silent test:doctor

.PHONY: e2e-monitoring
e2e-monitoring: binary $(E2E) ## contrib/monitoring with a real Prometheus
	e2e/need prometheus promtool
	e2e/need redis-server redis-server
	e2e/need openssl openssl
	cd e2e && npm run --silent test:monitoring

.PHONY: e2e-acme
e2e-acme: binary $(E2E) ## certificates from an authority that speaks ACME
	e2e/need pebble pebble
	e2e/need openssl openssl
	cd e2e && npm run --silent test:acme

.PHONY: screenshot
screenshot: binary $(E2E) ## make docs/screenshot.png
	cd e2e && UPDATE_SCREENSHOT=1 ALERT_BIN=$(abspath $(ALERT_BIN)) node --test --test-name-pattern README browser/chat.test.mjs

.PHONY: icons
icons: $(E2E) ## make the icons of the page (web/public/*.png) from favicon.svg
	cd e2e && node icons.mjs

# npm writes its own record of what is installed last; build.rs looks at the same file.
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund && touch node_modules/.package-lock.json

$(VENV): e2e/requirements.txt
	e2e/need python3 python3
	python3 -m venv --clear e2e/.venv || { e2e/need python3-venv a-venv && python3 -m venv --clear e2e/.venv; }
	e2e/.venv/bin/pip install --quiet --disable-pip-version-check --requirement e2e/requirements.txt
	touch $@

.PHONY: bench
bench: ## measure Alert beside other servers and write docs/benchmarks.md: hours, on a quiet machine; a try: ARGS=--quick
	bench/run setup
	bench/run run $(ARGS)
	bench/run report
