# `make picture`: the README's picture, drawn by the program itself from a run in virtual time on a machine
# made up of two cores, so that it is the same everywhere.
PICTURE := docs/stale-global.svg

picture: convis
	@mkdir -p $(dir $(PICTURE))
	HWLOC_SYNTHETIC="core:2 pu:1" $(O)/convis render scenarios/stale-global.ini -m stepped:async -s 1 --at 900ms --size 100x30 --format svg > $(PICTURE).new
	@mv $(PICTURE).new $(PICTURE)
.PHONY: picture
