# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
#
# A thin front for Meson. Both commands install what is missing (scripts/dependencies) and build.
#
#   make demo    three iterators, over real programs, maps and elements
#   make test    every test, plainly and under the address and undefined-behaviour sanitizers
#   make bench   how fast everything is, beside the kernel and plain C; writes docs/performance.md
#   make         build only
BUILD := build
SANITIZED := build-sanitized
# Warnings are errors where the project tests itself, not where somebody only wants to use it.
WERROR := $(if $(CI),--werror)

build: $(BUILD)/build.ninja
	ninja -C $(BUILD)

demo: build
	scripts/demo $(BUILD)

test: build $(SANITIZED)/build.ninja
	ninja -C $(SANITIZED)
	scripts/run-tests $(BUILD) $(SANITIZED)

bench: build
	$(BUILD)/bench/bench --template bench/performance.md --write docs/performance.md

$(BUILD)/build.ninja:
	scripts/dependencies
	meson setup $(WERROR) $(BUILD)

$(SANITIZED)/build.ninja:
	scripts/dependencies
	meson setup $(WERROR) -Db_sanitize=address,undefined $(SANITIZED)

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf $(BUILD) $(SANITIZED)

.PHONY: build demo test bench format clean
