# SPDX-License-Identifier: Apache-2.0
# A thin front for meson: the two commands of the README, and install. Build settings pass through
# the environment: CC, CXX, CFLAGS, LIBTORCH (a folder with include/ and lib/), MESON_ARGS.
BUILD ?= build
GPU_BUILD ?= build-gpu
BENCH_ARGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
MESON_ARGS ?=

.PHONY: help demo check gpu-check gpu-bench install uninstall clean
help:
	@echo 'make demo      install what is missing, build, score 200 example pairs with the bundled model'
	@echo 'make check     install what is missing, build everything, run all tests'
	@echo 'make gpu-check build with CUDA, run the tests that need a card, and compute-sanitizer'
	@echo 'make gpu-bench measure on a card, beside the peers (after make gpu-check)'
	@echo 'make install   install under PREFIX ($(PREFIX)), staged in DESTDIR if that is set'
	@echo 'make uninstall remove what make install put there'
	@echo 'make clean     remove the build folder ($(BUILD))'
	@echo 'Settings: LIBTORCH=DIR takes that libtorch instead of Debian'"'"'s. MESON_ARGS go to meson setup.'
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
	rm -rf '$(BUILD)'
