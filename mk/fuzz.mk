# `make fuzz`: the reader of scenarios under any bytes, guided by coverage, for FUZZ_SECONDS; needs clang. A finding is left in
# $(FUZZ_O) and ends it with an error. `make fuzz-corpus` then keeps, in tests/fuzz/corpus.ar, few small files that reach all that small
# files reached; `make check` reads these too (tests/unit/lang_fuzz.c).
FUZZ_SECONDS ?= 300
FUZZ_O := build-fuzz
FUZZ_SMALL := 700
FUZZ_ROOMS := base lang trace python
FUZZ_SRC := $(foreach r,$(FUZZ_ROOMS),$(wildcard src/$(r)/*.c)) tests/fuzz/scenario.c
FUZZ_CFLAGS = $(filter-out -O2 -g,$(ALL_CFLAGS)) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(FUZZ_O)/scenario: $(FUZZ_SRC) $(wildcard include/convis/*) $(foreach r,$(FUZZ_ROOMS),$(wildcard src/$(r)/*.h))
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	$(Q)clang $(FUZZ_CFLAGS) -o $@ $(FUZZ_SRC) -pthread

fuzz: $(FUZZ_O)/scenario
	@mkdir -p $(FUZZ_O)/found
	@for f in scenarios/*.ini tests/lang/*.ini tests/runs/*.ini tests/pty/*.ini; do cp $$f $(FUZZ_O)/found/$$(echo $$f | tr / -); done
	@cd $(FUZZ_O)/found && ar xo ../../tests/fuzz/corpus.ar
	cd $(FUZZ_O) && ./scenario -max_len=4096 -timeout=5 -rss_limit_mb=2048 -dict=../tests/fuzz/words -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 found

fuzz-corpus: $(FUZZ_O)/scenario
	@rm -rf $(FUZZ_O)/small $(FUZZ_O)/kept && mkdir $(FUZZ_O)/small $(FUZZ_O)/kept
	@find $(FUZZ_O)/found -type f -size -$(FUZZ_SMALL)c -exec cp -t $(FUZZ_O)/small {} +
	$(FUZZ_O)/scenario -max_len=$(FUZZ_SMALL) -set_cover_merge=1 $(FUZZ_O)/kept $(FUZZ_O)/small
	@rm -f tests/fuzz/corpus.ar
	cd $(FUZZ_O)/kept && LC_ALL=C ar rcDS ../../tests/fuzz/corpus.ar *
.PHONY: fuzz fuzz-corpus
