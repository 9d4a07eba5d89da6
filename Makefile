# `make help` lists the targets. Tools that are missing are installed into .tools/ by `make setup`, which the others call.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.tools/bin:$(PATH)

TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
HOMING := $(TARGET_DIR)/debug/homing
# Tests make and drop a thousand databases of 900 files each: where /dev/shm has 4 GB free they never touch a disk.
IN_MEMORY = if [ "$$(df -k --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 4000000 ] 2>/dev/null; then export TMPDIR=/dev/shm; fi

.PHONY: help setup lint test demo dev bench fuzz sqlx proto

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install missing tools into .tools/ (quiet when there is nothing to do)
	@deploy/tools/setup.sh

lint: setup proto ## formatting, clippy with warnings as errors, protos, dependencies
	cargo fmt --all --check
	cargo check --quiet --locked --manifest-path tests/fuzz/Cargo.toml --target-dir $(TARGET_DIR)/fuzz
	cargo deny --log-level error check bans licenses sources
	cargo clippy --workspace --all-targets --quiet -- -D warnings

proto: setup ## lint the protobuf contracts
	@if [ -f proto/buf.yaml ]; then buf lint proto; else echo 'proto: none yet' >&2; fi

test: setup ## every test, on one throw-away PostgreSQL and private NATS servers
	cargo build --workspace --bins
	@$(IN_MEMORY); $(HOMING) serve-servers -- cargo nextest run --workspace

demo: setup ## the main job on real servers: prints the timeline, fails on any missed expectation
	cargo build --workspace --bins
	@$(HOMING) demo $(ARGS)

dev: setup ## everything on this machine, on free ports, until Ctrl-C (ARGS="--time-scale 30")
	cargo build --workspace --bins
	@$(HOMING) dev $(ARGS)

bench: setup ## raw limits, a reference pipeline and Homing in one run; writes tests/bench/results.json
	cargo build --workspace --bins --profile measure
	@$(TARGET_DIR)/measure/bench

# libFuzzer's counters without a sanitizer, so that the stable compiler will do. A text that fails is kept in target/fuzz.
fuzz: setup ## look for texts whose parts are counted wrongly, for a minute (ARGS=-max_total_time=3600)
	mkdir -p $(TARGET_DIR)/fuzz/corpus
	cd $(TARGET_DIR)/fuzz && RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cllvm-args=-sanitizer-coverage-level=4 \
	  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table" \
	  cargo run --quiet --release --manifest-path $(CURDIR)/tests/fuzz/Cargo.toml --target-dir $(TARGET_DIR)/fuzz \
	  --target $$(rustc -vV | sed -n 's/^host: //p') --bin parts -- corpus -max_total_time=60 -max_len=2000 $(ARGS)

# The binary that is there will do: with new queries it cannot be built before they are known.
sqlx: setup ## rewrite .sqlx/ from the migrations, after changing SQL
	@[ -x $(HOMING) ] || cargo build --workspace --bin homing
	@rm -rf .sqlx && mkdir .sqlx && touch services/*/src/lib.rs
	SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$(CURDIR)/.sqlx \
	  $(HOMING) serve-servers --check-databases -- cargo check --workspace --all-targets
