# `make bench`: the figures that the program must reach, as medians of rounds that take turns, written to BENCHMARKS.md.
# Takes minutes. ONLY=word runs the measurements whose name holds the word.
BENCH := $(patsubst tests/bench/%.c,$(O)/bench/%,$(wildcard tests/bench/*.c))
$(BENCH): $(O)/bench/%: $(O)/obj/tests/bench/%.o $(foreach r,base trace,$(call objs,$(r)))
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

bench: convis $(BENCH)
	@ONLY="$(ONLY)" scripts/bench $(O)
.PHONY: bench
