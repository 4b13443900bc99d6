# `make check`: all tests, a line each, and the sum at the end. `make lint`: who may include whom, headers, manual, text.
# `make SANITIZE=address,undefined check-sanitize` and `make SANITIZE=thread check-sanitize`: unit tests and scenarios, every engine
# for real, in a build folder of their own. ONLY=word runs the groups of tests whose name holds the word.
ONLY ?=

check:
	@scripts/deps check
	@$(MAKE) --no-print-directory $(JOBS) build-tests
	@ONLY="$(ONLY)" tests/run $(O)

check-sanitize:
	@scripts/deps check
	@$(MAKE) --no-print-directory $(JOBS) unit fuzz-programs $(O)/convis
	@ONLY="$(or $(ONLY),unit/ fuzz/ scenarios)" SANITIZE="$(SANITIZE)" tests/run $(O)

lint:
	@CC="$(CC)" scripts/lint

# ── the real program on a pseudo-terminal: tests/pty/NAME.c, each with the harness ──
PTY := $(patsubst tests/pty/%.c,%,$(filter-out tests/pty/harness.c,$(wildcard tests/pty/*.c)))
VTERM_LIBS := $(shell pkg-config --libs vterm 2>/dev/null)
$(PTY:%=$(O)/pty/%): $(O)/pty/%: $(O)/obj/tests/pty/%.o $(O)/obj/tests/pty/harness.o $(O)/obj/tests/unit/main.o
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(VTERM_LIBS) -lutil
$(PTY:%=$(O)/obj/tests/pty/%.o) $(O)/obj/tests/pty/harness.o: ALL_CFLAGS += -Itests/unit

# ── small programs that the tests of the command line run others in ──
TOOLS := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
$(TOOLS:%=$(O)/tools/%): $(O)/tools/%: $(O)/obj/tests/tools/%.o
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

build-tests: convis unit bench-programs fuzz-programs $(PTY:%=$(O)/pty/%) $(TOOLS:%=$(O)/tools/%)
.PHONY: check check-sanitize lint build-tests
# Objects of tests are kept: a second `make check` links and runs only.
.PRECIOUS: $(O)/obj/%.o
