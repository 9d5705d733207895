# Each target brings a bare Debian 12 with Rust and Node up to what it needs, and says what it installs.
# What a target does is written in scripts/test.mjs (the stages of the tests) and tests/wordpress/run.mjs (`run`).

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run test test-rust test-php test-wordpress test-browser screenshots histories fuzz soak bench lint build stubs dist test-dist clean

help: ## list the targets
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## a WordPress network and a simulated Cloudways, with two domains mapped; ONCE=1 ends after the check
	@scripts/bootstrap
	@node tests/wordpress/run.mjs $(if $(filter-out 0,$(ONCE)),--once)

test: ## everything
	@scripts/bootstrap
	@node scripts/test.mjs

test-rust: ## unit tests of the engine, and its tests against the simulator
	@scripts/bootstrap
	@node scripts/test.mjs rust

test-php: ## the extension in PHP (PHPT), and its stubs; VERSION=8.4, 8.5, 8.6, 8.2-zts, 8.2-debug: in that PHP, and in its php-fpm
	@scripts/bootstrap
	@WU_PHP=$(VERSION) node scripts/test.mjs build phpt stubs $(if $(filter-out 8.2,$(VERSION)),php-lint fpm embed) $(if $(filter 8.4 8.5 8.6,$(VERSION)),mapping)

test-wordpress: ## the network end to end; UM_PLUGIN_DIR=/path runs it on a real Ultimate Multisite, VERSION=8.4 on another PHP
	@scripts/bootstrap
	@WU_PHP=$(VERSION) node scripts/test.mjs build i18n probe wordpress

test-browser: ## the screens of the network in Chromium: wizard, network page, French, keyboard, accessibility
	@scripts/bootstrap
	@node scripts/test.mjs build browser

screenshots: ## take the pictures of the plugin directory anew, into wp-plugin/wu-cloudways/.wordpress-org/
	@scripts/bootstrap
	@node scripts/test.mjs build
	@node tests/wordpress/screenshots.mjs

histories: ## 1,000 random histories of the engine; SEEDS=from..to lives through others, SEED=n through one, and shows it
	@scripts/bootstrap
	@SEEDS=$(or $(SEEDS),1..1000) SEED=$(SEED) cargo test --quiet --no-default-features --test histories

fuzz: ## what comes from outside, mangled at random; FUZZ_SECONDS=60 for each of the five targets
	@scripts/bootstrap
	@scripts/fuzz

soak: ## what takes long: the PHPT under valgrind, 10,000 calls in a worker, 50 workers, reloads and forks under load
	@scripts/bootstrap
	@node scripts/test.mjs build
	@node scripts/soak.mjs

bench: ## every number beside others, as ratios, with curves, into target/bench/; QUICK=1 measures less, ONLY="dns run" some of dns, run, network, fpm
	@scripts/bootstrap dnsperf nsd gnuplot-nox iproute2 openssl
	@node benches/bench.mjs $(if $(filter-out 0,$(QUICK)),--quick) $(ONLY)

lint: ## rustfmt, and clippy with warnings as errors
	@scripts/bootstrap
	@node scripts/test.mjs fmt clippy clippy-php

build: ## the extension and the simulator
	@scripts/bootstrap
	@node scripts/test.mjs build

stubs: ## write php/stubs/ anew from the extension
	@scripts/bootstrap
	@node scripts/test.mjs build
	@scripts/stubs

dist: ## pack what is shipped into dist/, from what is committed; VERIFY=1 packs twice and compares, DIRTY=1 packs a try
	@scripts/bootstrap
	@node scripts/dist.mjs $(if $(filter-out 0,$(VERIFY)),--verify) $(if $(filter-out 0,$(DIRTY)),--dirty) $(if $(ONLY),--only=$(ONLY))

test-dist: ## install what `make dist` packed in fresh Debian systems, use it, upgrade it, remove it
	@scripts/bootstrap
	@node scripts/test.mjs build
	@node --test --test-reporter=spec --test-concurrency=1 tests/dist/

clean: ## remove what was built and downloaded
	rm -rf target dist .cache node_modules
