# `make run`: a bare Debian with git, make and root or sudo is enough. Brings in what is missing, builds, and opens a scenario.
# The second make reads the makefiles anew, now that gcc and pkg-config are there.
SCENARIO ?= scenarios/stale-global.ini
JOBS := -j$(shell nproc 2>/dev/null || echo 1)

run:
	@scripts/deps build
	@$(MAKE) --no-print-directory $(JOBS) convis
	@exec $(O)/convis $(SCENARIO)
.PHONY: run
