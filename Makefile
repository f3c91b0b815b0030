# pystrobe - a sampling profiler for CPython that works from outside
#
#	make              build/pystrobe
#	make demo         install what is missing, build, start a sample program, serve the dashboard
#	make check        install what the tests need, run all of them
#	make help         every target
#
# Knobs, on the command line or in the environment:
#	DEBUG=1           -O0 and full debug information
#	SAN=LIST          sanitizers: SAN=address,undefined or SAN=thread
#	DEV=1             warnings are errors
#	V=1               show the commands
#	CC=clang-14       another compiler; gcc 12 and clang 14 build without a warning
#	PREFIX=/usr/local DESTDIR=   where install puts things
#	DURATION=15       make demo: run unattended for so many seconds, then sum up
#	ROW=cpu QUICK=1   make bench: only these rows; one short round
#	PYTHON=python3    for the generators and the tests
#
# All output goes below build/ (another directory: BUILD=DIR; sanitizers: build/san).

BUILD  ?= build$(if $(SAN),/san)
PREFIX ?= /usr/local
PYTHON ?= python3
V      ?= 0
VERSION := 0.1.0

# ---- what it is built from ----------------------------------------------------------

GEN_OBJ  := $(BUILD)/abi_tables.o $(BUILD)/abi_desc.o $(BUILD)/assets.o $(BUILD)/profile.pb-c.o
SRC      := $(sort $(wildcard src/*.c src/*/*.c))
OBJ      := $(SRC:%.c=$(BUILD)/%.o)
LIB_OBJ  := $(filter-out $(BUILD)/src/main.o,$(OBJ))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNIT_OBJ := $(UNIT_SRC:%.c=$(BUILD)/%.o)
HEADERS  := $(sort $(wildcard src/*/*.h))
C_FILES  := $(SRC) $(HEADERS) $(UNIT_SRC) $(sort $(wildcard tests/*/*.h python-abi/*.c \
	tests/fuzz/*.c tests/live/*.c bench/*.c))

# ---- how ----------------------------------------------------------------------------

PKGS := libelf libdw libmicrohttpd ncursesw jansson zlib libzstd libprotobuf-c gnutls
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2
CPPFLAGS += -D_GNU_SOURCE -Isrc -I$(BUILD) -DPYSTROBE_VERSION='"$(VERSION)"'
CFLAGS_ALL = -std=gnu11 $(if $(DEBUG),-O0 -g3,-O2 -g) -fno-omit-frame-pointer \
	-fstack-protector-strong $(WARN) $(if $(DEV),-Werror) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined) $(CFLAGS)
LDLIBS_ALL = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lrocksdb -lxxhash -liberty -lm -lpthread
LDFLAGS_ALL = $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

ifeq ($(V),0)
say = @printf '  %-8s%s\n' $(1) $(2);
else
say =
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all FORCE
all: $(BUILD)/pystrobe

# Rewritten only when the flags change, so that a change of flags rebuilds.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' '$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# Names every library that is missing, with the Debian package that has it.
$(BUILD)/libraries: Makefile
	@mkdir -p $(BUILD)
	@tests/house/libraries $(CC)
	@touch $@

$(BUILD)/%.o: %.c $(BUILD)/flags $(BUILD)/libraries | generated
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/pystrobe: $(OBJ) $(GEN_OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/unit: $(LIB_OBJ) $(UNIT_OBJ) $(GEN_OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS_ALL) -lcmocka -o $@

# Readers of memory under sanitizers (tests/fuzz/memory.c), whatever SAN says.
FUZZ_SRC := $(sort $(wildcard src/base/*.c src/proc/*.c src/elf/*.c src/python/*.c)) \
	src/prof/edges.c src/prof/resolve.c src/prof/symbols.c tests/unit/look.c tests/fuzz/memory.c
FUZZ_OBJ := $(FUZZ_SRC:%.c=$(BUILD)/fuzz/%.o)
$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags | generated
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) -Itests/unit -std=gnu11 -O1 -g -MMD -MP \
	-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-c $< -o $@
$(BUILD)/fuzz_memory: $(FUZZ_OBJ) $(BUILD)/abi_tables.o $(BUILD)/abi_desc.o
	$(call say,LD,$@)$(CC) -fsanitize=address,undefined $^ $(LDLIBS_ALL) -o $@
# The same for libFuzzer: build/fuzz_memory_clang -malloc_limit_mb=64 tests/fuzz/corpus
$(BUILD)/fuzz_memory_clang: $(FUZZ_SRC) $(BUILD)/abi_tables.o $(BUILD)/abi_desc.o
	$(call say,LD,$@)clang-14 $(CPPFLAGS) -Itests/unit -std=gnu11 -O1 -g -DLIBFUZZER \
	-fsanitize=fuzzer,address,undefined $^ $(LDLIBS_ALL) -o $@

-include $(OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) $(patsubst %.c,$(BUILD)/%.d,$(wildcard \
	python-abi/*.c tests/live/*.c tests/fuzz/*.c))

# ---- generated ----------------------------------------------------------------------

.PHONY: generated
generated: $(BUILD)/syscall_names.h $(BUILD)/abi_fields.h $(BUILD)/profile.pb-c.h

ABI_SRC := $(wildcard python-abi/gen python-abi/*.py python-abi/*.def python-abi/*.abi)
$(BUILD)/abi_fields.h: $(ABI_SRC)
	@mkdir -p $(BUILD)
	$(call say,GEN,$@)$(PYTHON) python-abi/gen fields $@
$(BUILD)/abi_tables.c: $(ABI_SRC)
	@mkdir -p $(BUILD)
	$(call say,GEN,$@)$(PYTHON) python-abi/gen tables $@
$(BUILD)/abi_desc.c: $(ABI_SRC)
	@mkdir -p $(BUILD)
	$(call say,GEN,$@)$(PYTHON) python-abi/gen desc $@
$(BUILD)/abi_%.o: $(BUILD)/abi_%.c $(BUILD)/abi_fields.h $(BUILD)/flags
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# Makes the .abi tables from DWARF; must build while a table lacks a new field.
EXTRACT_OBJ := $(patsubst %,$(BUILD)/%.o,python-abi/extract src/python/abi_blank \
	src/python/abi_dwarf src/elf/dwarf_types src/base/alloc src/base/buf src/base/err) \
	$(BUILD)/abi_desc.o
$(BUILD)/abi-extract: $(EXTRACT_OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ -ldw -lelf -o $@

$(BUILD)/peek: $(BUILD)/tests/live/recorder.o
$(BUILD)/find $(BUILD)/peek: $(BUILD)/%: $(BUILD)/tests/live/%.o $(LIB_OBJ) $(GEN_OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/bench/store: $(BUILD)/bench/store.o $(BUILD)/tests/unit/load.o $(LIB_OBJ) $(GEN_OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/find-torn: $(BUILD)/tests/fuzz/find_torn.o $(LIB_OBJ) $(GEN_OBJ)
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ $(LDLIBS_ALL) -o $@

$(BUILD)/syscall_names.h: Makefile
	@mkdir -p $(BUILD)
	$(call say,GEN,$@)(echo 'static const char *const syscall_names[] = {'; \
	echo '#include <asm/unistd.h>' | $(CC) -E -dM - | \
	sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/\t[\2] = "\1",/p' | sort -t[ -k2 -n; \
	echo '};') >$@

# pprof's messages; what protoc-c writes is not held to our warnings.
$(BUILD)/profile.pb-c.c $(BUILD)/profile.pb-c.h &: src/format/profile.proto
	@mkdir -p $(BUILD)
	$(call say,PROTO,$@)protoc-c --proto_path=src/format --c_out=$(BUILD) $<
$(BUILD)/profile.pb-c.o: $(BUILD)/profile.pb-c.c $(BUILD)/flags
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -w -c $< -o $@
# The exported flame graph's own script and style are inside the binary.
$(BUILD)/src/format/svg_page.o: src/format/svg.js src/format/svg.css

# The dashboard: web/ bundled by npm's esbuild, every file of it inside the binary.
WEB_SRC := $(sort $(wildcard web/package*.json web/src/* web/src/*/* web/*.html web/*.css web/build.mjs))
$(BUILD)/web/stamp: $(WEB_SRC) Makefile
	@mkdir -p $(BUILD)/web
	$(call say,WEB,$(BUILD)/web)web/build $(abspath $(BUILD)/web) && touch $@

$(BUILD)/assets.S: $(BUILD)/web/stamp web/embed
	$(call say,GEN,$@)web/embed $(BUILD)/web >$@

$(BUILD)/assets.o: $(BUILD)/assets.S
	$(call say,AS,$<)$(CC) $(CFLAGS_ALL) -c $< -o $@

# ---- what the system must have ------------------------------------------------------

DEPS_BUILD := gcc make pkg-config python3 libc6-dev libelf-dev libdw-dev librocksdb-dev \
	libmicrohttpd-dev libncurses-dev libjansson-dev zlib1g-dev libzstd-dev \
	libprotobuf-c-dev protobuf-c-compiler libgnutls28-dev libxxhash-dev libiberty-dev nodejs npm
DEPS_TEST := g++ libcmocka-dev python3-pytest clang-14 clang-format-14 clang-tidy-14 \
	libclang-rt-14-dev chromium curl tmux gdb zstd zsh fish strace \
	protobuf-compiler debootstrap

.PHONY: deps deps-check
deps:
	@tests/house/install $(DEPS_BUILD)
deps-check: deps
	@tests/house/install $(DEPS_TEST)

# ---- running and checking -----------------------------------------------------------

.PHONY: demo check check-house check-unit layers headers format lint pythons peers bench verify
demo: deps
	@$(MAKE) --no-print-directory all
	@bench/demo $(BUILD) $(DURATION)

check: deps-check pythons
	@$(MAKE) --no-print-directory DEV=1 all $(BUILD)/unit $(BUILD)/peek $(BUILD)/find \
		$(BUILD)/bench/store $(BUILD)/bench/timer
	@tests/run $(BUILD)

# Tables, DWARF and debug offsets of every interpreter here must agree.
verify:
	@python-abi/verify --build $(BUILD)

check-unit: $(BUILD)/unit
	@$(BUILD)/unit

pythons:
	@tests/pythons/fetch build/pythons
peers: pythons
	@bench/peers/fetch $(BUILD)/peers
$(BUILD)/bench/timer: $(BUILD)/bench/timer.o
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $^ -o $@
bench: all $(BUILD)/bench/timer $(BUILD)/bench/store
	@bench/run --build $(BUILD) $(if $(QUICK),--quick) $(ROW)
layers:
	@tests/house/layers
headers: generated
	@tests/house/headers $(CC) $(CPPFLAGS)
format:
	@clang-format-14 --dry-run -Werror $(C_FILES)
lint: $(SRC:%.c=build/lint/%.ok)
# Looked at again when it or any header has changed; the same for all sanitizers.
build/lint/%.ok: %.c $(HEADERS) tests/house/lint | generated
	@mkdir -p $(@D)
	@tests/house/lint $< $(CPPFLAGS) $(WARN) && touch $@

# ---- putting it somewhere -----------------------------------------------------------

.PHONY: install uninstall clean help
install: all
	install -D -m 755 $(BUILD)/pystrobe $(DESTDIR)$(PREFIX)/bin/pystrobe
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/pystrobe
clean:
	rm -rf $(BUILD)/src $(BUILD)/tests $(BUILD)/web $(BUILD)/pystrobe $(BUILD)/unit

help:
	@sed -n '/^# pystrobe/,/^$$/s/^# \{0,1\}//p' Makefile
	@echo 'Targets: all deps demo check pythons peers bench layers headers format lint install uninstall clean'
