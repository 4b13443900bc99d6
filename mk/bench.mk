# `make bench`: the figures that the program must reach, as medians of rounds that take turns, written to BENCHMARKS.md. Takes
# many minutes. PART=word measures the parts whose name holds the word; PART=list lists them. A part is tests/bench/parts/NAME.py,
# which leaves the sections of the others as they are; the programs it needs are tests/bench/*.c, linked with no more than they name.
LTTNG_LIBS := $(shell pkg-config --libs lttng-ust 2>/dev/null)
BENCH := $(patsubst tests/bench/%.c,$(O)/bench/%,$(filter-out $(if $(LTTNG_LIBS),,%/lttng.c),$(wildcard tests/bench/*.c)))
BENCH_ROOMS_lttng := base trace
$(O)/obj/tests/bench/lttng.o: ALL_CFLAGS += -I.
$(O)/bench/lttng: PKG_LIBS += $(LTTNG_LIBS)
BENCH_ROOMS_emit := base trace
BENCH_ROOMS_model := base topo trace model ui
define bench_rule
$(O)/bench/$(1): $(O)/obj/tests/bench/$(1).o $(foreach r,$(BENCH_ROOMS_$(1)),$(call objs,$(r)))
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(PKG_LIBS) -lm
endef
$(foreach t,$(BENCH:$(O)/bench/%=%),$(eval $(call bench_rule,$(t))))

bench: convis $(BENCH)
	@scripts/bench $(O) $(PART)
bench-programs: $(BENCH)
.PHONY: bench bench-programs
