# A thin front: CMake does the work. `make` builds the release preset; the program is build/release/maskfer.
#   make demo     install what is missing, build, run the whole story on drawn faces, say where its report is
#   make check    install what is missing, build with warnings as errors, run every test
#   make bench    speed and memory beside PyTorch        make parity   numbers beside PyTorch's
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
RELEASE := build/release
DEV     := build/dev

.PHONY: all setup demo check bench parity install clean

all: $(RELEASE)/build.ninja
	@ninja -C $(RELEASE) -j $(JOBS) maskfer maskfer_program

# Configured once; from then on the build itself notices what has changed.
$(RELEASE)/build.ninja $(DEV)/build.ninja: build/%/build.ninja:
	@command -v cmake >/dev/null && command -v ninja >/dev/null || \
	  { echo "maskfer: cmake and ninja are needed to build: run 'make setup', or install them" >&2; exit 1; }
	@cmake --preset $*

setup:
	@sh cmake/setup.sh

# Each step runs when the one before has ended, also under make -j.
demo: setup
	@$(MAKE) --no-print-directory all
	@$(RELEASE)/maskfer demo

check: setup
	@$(MAKE) --no-print-directory $(DEV)/build.ninja
	@ninja -C $(DEV) -j $(JOBS)
	@sh cmake/check.sh $(DEV)

# Against PyTorch and crowd-kit, whose wheels are fetched into build/peers on the first call; nothing else of maskfer needs Python.
PEERS := $(CURDIR)/build/peers/bin/python
# How often each peer is measured; the table holds medians.
ROUNDS ?= 3

bench: all
	@sh bench/peers/setup.sh
	@$(PEERS) bench/bench.py --maskfer $(CURDIR)/$(RELEASE)/maskfer --newest $(PEERS) --rounds $(ROUNDS) \
	  $$(/usr/bin/python3 -c 'import torch' 2>/dev/null && echo --debian /usr/bin/python3)
	@$(PEERS) bench/votes.py --maskfer $(CURDIR)/$(RELEASE)/maskfer --rounds $(ROUNDS)
	@ninja -C $(RELEASE) -j $(JOBS) embed_tool
	@$(PEERS) bench/embed.py --tool $(CURDIR)/$(RELEASE)/bench/embed_tool --rounds $(ROUNDS)

parity: all
	@ninja -C $(RELEASE) -j $(JOBS) parity_tool
	@sh bench/peers/setup.sh
	@$(PEERS) tests/parity/parity.py $(CURDIR)/$(RELEASE)/bench/parity_tool $(CURDIR)/$(RELEASE)/maskfer
	@$(PEERS) tests/parity/judging.py $(CURDIR)/$(RELEASE)/maskfer

install: all
	@DESTDIR="$(DESTDIR)" cmake --install $(RELEASE) --prefix "$(PREFIX)"

clean:
	rm -rf build/release build/dev build/asan build/tsan build/fuzz
