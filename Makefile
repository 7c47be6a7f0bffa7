# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin menu over meson and tools/; what the targets do is there.

BUILD ?= build
FUZZ_SECONDS ?= 60
SEED ?= $(shell date +%s)
SEEDS ?= 3000000
JOBS ?= $(shell nproc)
override BUILD := $(abspath $(BUILD))
export BUILD FUZZ_SECONDS

help:
	@echo 'make demo     a backup that survives the loss of its drive, in a guest, on any Debian machine'
	@echo 'make check    everything a change must pass, in a few minutes'
	@echo 'make build    compile into $(BUILD)'
	@echo 'make lab      every scenario of tests/lab'
	@echo 'make torture  the simulator: every cut, and SEEDS=$(SEEDS) seeds from SEED on, by default new ones'
	@echo 'make fuzz     each fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make bench    what holding costs; PARTS="engine blocks two latency rate journal many names"'
	@echo 'make package  the Debian package, into $(BUILD)/package'
	@echo 'make clean    remove $(BUILD)'

deps:
	@tools/install-deps

build: deps
	@test -e $(BUILD)/build.ninja || CC=gcc meson setup $(BUILD) > /dev/null
	@said=$$(ninja --quiet -C $(BUILD)) || { echo "$$said"; exit 1; }

check: deps
	@tools/check

lab:
	@tools/install-deps lab
	@tools/check tests/lab/lab.list

demo: build
	@tests/lab/run demo

torture: build
	@$(BUILD)/tests/sim/sim --cut-everywhere --twice --jobs $(JOBS)
	@$(BUILD)/tests/sim/sim --cut-everywhere --twice --behind 50000 --jobs $(JOBS)
	@$(BUILD)/tests/sim/changer-sim --seed $(SEED) --count 100000
	@$(BUILD)/tests/sim/secured-sim --twice
	@$(BUILD)/tests/sim/sim --seed $(SEED) --count $(SEEDS) --jobs $(JOBS)

fuzz: deps
	@tools/fuzz

bench: build
	@tests/bench/run $(PARTS)

package:
	@tools/install-deps package
	@tools/mk-package $(BUILD)/package

clean:
	rm -rf -- $(BUILD)

.PHONY: help deps build check lab demo torture fuzz bench package clean
