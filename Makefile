# bivouac: the common jobs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The triple to build for and further flags for cargo build. The binary is fully static, so that it runs on any Linux: names are
# resolved by a resolver of its own, not by libc. With --target the flag does not reach build scripts and procedural macros, which
# cannot be static.
RUST_TARGET ?= $(shell rustc -vV | sed -n 's/^host: //p')
CARGO_FLAGS ?=
STATIC := -C target-feature=+crt-static
CARGO_OUT := $(or $(CARGO_TARGET_DIR),target)
export BIVOUAC ?= $(CURDIR)/target/release/bivouac

.PHONY: help build lab cluster wipe test unit bench lint needs clean-lab

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

needs: # what a bare machine lacks, from apt
	@tests/lab/needs.sh

build: needs ## the release binary: target/release/bivouac
	RUSTFLAGS="$(STATIC) $(RUSTFLAGS)" cargo build --release --locked $(if $(RUST_TARGET),--target $(RUST_TARGET)) $(CARGO_FLAGS)
	@from=$(CARGO_OUT)/$(if $(RUST_TARGET),$(RUST_TARGET)/)release/bivouac; \
	  [ "$$from" -ef target/release/bivouac ] || install -D "$$from" target/release/bivouac

lab: build ## the lab's bundles (target/lab/*.bundle) and host image; slow parts are cached
	@tests/lab/lab.sh

cluster: lab ## a real cluster on three lab hosts on this machine
	@tests/lab/demo.sh up

wipe: build ## takes that cluster away and proves that nothing is left
	@tests/lab/demo.sh wipe

test: needs ## everything: lints, unit, integration and lab tests
	@tests/lab/run.sh build lint cargo lab

unit: needs ## only lints, unit and integration tests, without the lab
	@tests/lab/run.sh lint cargo

lint: needs ## formatting, clippy, shellcheck, dependencies
	@tests/lab/run.sh lint

bench: lab ## init, wipe, small steps, uploads and preflight against the same work done by hand: the ratios
	@tests/lab/bench.sh
	@tests/lab/bench-wipe.sh
	@tests/lab/bench-steps.sh
	@tests/lab/bench-upload.sh
	@tests/lab/bench-preflight.sh

clean-lab: ## removes the lab's hosts and its cache (the next `make lab` takes minutes)
	@tests/lab/hosts.sh list | xargs -r tests/lab/hosts.sh down
	@. tests/lab/lib.sh; rm -rf "$$CACHE" "$$OUT"; podman rmi -f "$$HOST_IMAGE" "$$BUILD_IMAGE" >/dev/null 2>&1 || true
