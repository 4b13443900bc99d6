# `make fuzz`: what comes from strangers, under any bytes, guided by coverage, each of FUZZ for FUZZ_SECONDS; needs clang. A finding is left
# in build-fuzz/ and ends it with an error. `make fuzz-corpus` then keeps, in tests/fuzz/NAME.ar, few small inputs that reach all that small
# ones reached. `make check` puts these through the same functions again, without a fuzzer (fuzz/NAME), check-sanitize under sanitizers.
# A target is tests/fuzz/NAME.c, linked with all rooms, and its corpus.
FUZZERS := $(patsubst tests/fuzz/%.ar,%,$(wildcard tests/fuzz/*.ar))
FUZZ ?= $(FUZZERS)
FUZZ_SECONDS ?= 300
FUZZ_O := build-fuzz
FUZZ_SMALL := 700
FUZZ_CFLAGS = $(filter-out -O2 -g,$(ALL_CFLAGS)) -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_OBJS := $(foreach r,$(ROOMS),$(patsubst %.c,$(FUZZ_O)/obj/%.o,$(wildcard src/$(r)/*.c)))
# Beginnings from the tests, where the corpus alone is not all there is.
FUZZ_BEGIN_scenario := scenarios/*.ini tests/lang/*.ini tests/runs/*.ini tests/pty/*.ini

$(FUZZ_O)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (for the fuzzers)"
	$(Q)clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
$(FUZZERS:%=$(FUZZ_O)/%): $(FUZZ_O)/%: $(FUZZ_O)/obj/tests/fuzz/%.o $(FUZZ_OBJS)
	@echo "  LD    $@"
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(PKG_LIBS) -lm -pthread

fuzz: $(FUZZ:%=$(FUZZ_O)/%)
	@set -e; for t in $(FUZZ); do $(MAKE) --no-print-directory fuzz-$$t; done
$(FUZZERS:%=fuzz-%): fuzz-%: $(FUZZ_O)/%
	@mkdir -p $(FUZZ_O)/$*.found
	@for f in $(wildcard $(FUZZ_BEGIN_$*)); do cp $$f $(FUZZ_O)/$*.found/$$(echo $$f | tr / -); done
	@cd $(FUZZ_O)/$*.found && ar xo ../../tests/fuzz/$*.ar
	cd $(FUZZ_O) && ./$* -artifact_prefix=$*- -max_len=4096 -timeout=5 -rss_limit_mb=2048 -dict=../tests/fuzz/words -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $*.found

fuzz-corpus: $(FUZZ:%=$(FUZZ_O)/%)
	@set -e; for t in $(FUZZ); do $(MAKE) --no-print-directory fuzz-keep-$$t; done
$(FUZZERS:%=fuzz-keep-%): fuzz-keep-%: $(FUZZ_O)/%
	@rm -rf $(FUZZ_O)/small $(FUZZ_O)/kept && mkdir $(FUZZ_O)/small $(FUZZ_O)/kept
	@find $(FUZZ_O)/$*.found -type f -size -$(FUZZ_SMALL)c -exec cp -t $(FUZZ_O)/small {} +
	$(FUZZ_O)/$* -max_len=$(FUZZ_SMALL) -set_cover_merge=1 $(FUZZ_O)/kept $(FUZZ_O)/small
	@rm -f tests/fuzz/$*.ar
	cd $(FUZZ_O)/kept && LC_ALL=C ar rcDS ../../tests/fuzz/$*.ar *

# The corpora alone, in a build like any other.
$(FUZZERS:%=$(O)/fuzz/%): $(O)/fuzz/%: $(O)/obj/tests/fuzz/%.o $(O)/obj/tests/fuzz/corpus.o $(foreach r,$(ROOMS),$(call objs,$(r)))
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm
fuzz-programs: $(FUZZERS:%=$(O)/fuzz/%)

-include $(shell find $(FUZZ_O)/obj -name '*.d' 2>/dev/null)
.PHONY: fuzz fuzz-corpus fuzz-programs $(FUZZERS:%=fuzz-%) $(FUZZERS:%=fuzz-keep-%)
