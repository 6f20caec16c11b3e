# SPDX-License-Identifier: Apache-2.0
# A thin front for meson and tools/: each goal calls a script that says more. Build settings pass
# through the environment: CC, CXX, CFLAGS, LIBTORCH (a folder with include/ and lib/), MESON_ARGS.
BUILD ?= build
LINT_BUILD ?= build-lint
GPU_BUILD ?= build-gpu
FUZZ_BUILD ?= build-fuzz
SECONDS ?= 60
BENCH_ARGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
MESON_ARGS ?=
T ?=
export T

.PHONY: help demo check test fuzz format lint map bench gpu-check gpu-bench install uninstall clean
help:
	@echo 'To use it:'
	@echo '  make demo      install what is missing, build, score 200 example pairs with the bundled model'
	@echo '  make install   install under PREFIX ($(PREFIX)), staged in DESTDIR if that is set'
	@echo '  make uninstall remove what the last make install from $(BUILD) put there'
	@echo 'To change it:'
	@echo '  make check     install what is missing, build everything, run all tests'
	@echo '  make test T=engine/swap   build and run the tests whose names match; without T: list them'
	@echo '  make fuzz T=json SECONDS=60   search for bytes that break a reader; without T: each reader in turn'
	@echo '  make format    format all sources'
	@echo '  make lint      format, layers, house style and clang-tidy: what is found without running anything'
	@echo '  make map       write docs/map.md anew from the first sentences of the files'
	@echo '  make bench     what a change to the CPU path is compared by; BENCH_ARGS=encoder: that alone'
	@echo '  make gpu-check build with CUDA, run the tests that need a card, and compute-sanitizer'
	@echo '  make gpu-bench measure on a card, beside the peers (after make gpu-check)'
	@echo '  make clean     remove the build folders ($(BUILD), $(LINT_BUILD), $(GPU_BUILD), $(FUZZ_BUILD))'
	@echo '  .ci/run        everything that is checked before a change goes in'
	@echo 'Settings: MESON_ARGS go to meson setup (-Dtorch=enabled, -Dcuda=enabled: with that module).'
	@echo 'LIBTORCH=DIR: with the module on that libtorch, instead of Debian'"'"'s.'
	@echo 'MGEO_DEPS=DIR: libraries that tools/carry-deps.sh carried. GPU_BUILD, BENCH_ARGS: for the gpu- goals.'

demo:
	@tools/bootstrap.sh demo
	@tools/configure.sh '$(BUILD)' small $(MESON_ARGS)
	@ninja -C '$(BUILD)' cli/mgeo-score
	@tools/demo.sh '$(BUILD)'

check:
	@tools/bootstrap.sh check
	@tools/configure.sh '$(BUILD)' full $(MESON_ARGS)
	@ninja -C '$(BUILD)'
	@tools/run-tests.sh '$(BUILD)'

# Only what a matching test needs is built.
test:
	@tools/bootstrap.sh check
	@tools/configure.sh '$(BUILD)' full $(MESON_ARGS) >/dev/null
	@tools/test.sh '$(BUILD)' "$$T"

fuzz:
	@tools/bootstrap.sh lint
	@tools/fuzz.sh '$(FUZZ_BUILD)' '$(SECONDS)' "$$T"

format:
	@tools/bootstrap.sh format
	@tools/format.sh

lint:
	@tools/bootstrap.sh lint
	@CC=clang CXX=clang++ tools/configure.sh '$(LINT_BUILD)' full $(MESON_ARGS) >/dev/null
	@tools/lint.sh '$(LINT_BUILD)'

map:
	@tools/make-map.py

bench:
	@tools/bootstrap.sh check
	@tools/configure.sh '$(BUILD)' full $(MESON_ARGS) >/dev/null
	@tools/bench.sh '$(BUILD)' $(BENCH_ARGS)

gpu-check:
	@tools/gpu-check.sh '$(GPU_BUILD)' $(MESON_ARGS)

gpu-bench:
	@tools/gpu-check.sh '$(GPU_BUILD)' --build-only $(MESON_ARGS)
	@tools/with-deps.sh benchmarks/gpu/run.py --build '$(GPU_BUILD)' $(BENCH_ARGS)

install:
	@tools/bootstrap.sh demo
	@tools/configure.sh '$(BUILD)' small '--prefix=$(PREFIX)' $(MESON_ARGS)
	@ninja -C '$(BUILD)'
	@DESTDIR='$(DESTDIR)' meson install -C '$(BUILD)' --no-rebuild
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

uninstall:
	@DESTDIR='$(DESTDIR)' ninja -C '$(BUILD)' uninstall

clean:
	rm -rf '$(BUILD)' '$(LINT_BUILD)' '$(GPU_BUILD)' '$(FUZZ_BUILD)'
