# convis: `make run` and `make check` do everything on a fresh Debian. Everything built lies in $(O).
comma := ,
O ?= build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
CC ?= gcc
PREFIX ?= /usr/local
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
CFLAGS ?= -O2 -g
VERSION := 0.1.0

# Which room may stand on which: also what a unit test of the room is linked with. scripts/lint holds the includes to it.
DEPS_base   :=
DEPS_topo   := base
DEPS_lang   := base
DEPS_trace  := base
DEPS_engine := base lang trace topo
DEPS_source := base trace topo
DEPS_model  := base trace topo
DEPS_ui     := base trace model topo
DEPS_export := base trace model topo
DEPS_python := base lang trace
DEPS_explore := base topo lang trace engine
DEPS_app    := base topo lang trace engine source model ui export python explore
ROOMS := base topo lang trace engine explore source model ui export python app

PKGS := ncursesw libuv hwloc
# Without pkg-config (before `scripts/deps` has run) these are empty, and parsing this file still works.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Werror
ARCH_CFLAGS := $(if $(filter x86_64%,$(shell uname -m)),-mcx16)
ALL_CFLAGS = -std=gnu11 $(ARCH_CFLAGS) $(WARN) -Iinclude -Isrc -D_GNU_SOURCE -DCV_VERSION='"$(VERSION)"' -DCV_DATADIR='"$(PREFIX)/share/convis"' $(PKG_CFLAGS) $(CFLAGS)
ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -DCV_SANITIZE='"$(SANITIZE)"'
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
endif
ALL_LDFLAGS += $(LDFLAGS) -pthread

objs = $(patsubst %.c,$(O)/obj/%.o,$(wildcard src/$(1)/*.c))
APP_OBJS := $(foreach r,$(ROOMS),$(call objs,$(r))) $(O)/obj/src/main.o

all: convis
# The link for whoever works here, made anew where it points into another build folder. A build outside the tree (O=/somewhere)
# leaves nothing in it, and may be made of sources that it can only read.
ifneq ($(filter /% ../%,$(O)),)
convis: $(O)/convis
.PHONY: convis
else
convis: $(O)/convis $(if $(filter $(abspath $(O)/convis),$(abspath $(shell readlink convis))),,relink)
	$(Q)ln -sfn $< $@
.PHONY: relink
relink:
endif
$(O)/convis: $(APP_OBJS)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm
$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# ── unit tests: tests/unit/ROOM_subject.c, linked with ROOM and what it may stand on, and nothing else ──
UNIT := $(patsubst tests/unit/%.c,%,$(filter-out tests/unit/main.c,$(wildcard tests/unit/*.c)))
room = $(firstword $(subst _, ,$(1)))
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)
define unit_rule
$(O)/unit/$(1): $(O)/obj/tests/unit/$(1).o $(O)/obj/tests/unit/main.o $(foreach r,$(call room,$(1)) $(DEPS_$(call room,$(1))),$(call objs,$(r)))
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(CHECK_LIBS) $$(PKG_LIBS) -lm
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))
unit: $(UNIT:%=$(O)/unit/%)

# run, check, lint, install, picture: a file each
include $(wildcard mk/*.mk)

-include $(shell find $(O)/obj -name '*.d' 2>/dev/null)
.PHONY: all unit clean
clean:
	rm -rf build build-* convis
