# `make picture`: the README's pictures, and the manual's frame. `make goldens`: what every shipped lesson looks like, for tests/goldens:
# look at what has changed before it is committed.
picture: convis
	@mkdir -p docs
	scripts/pictures $(O)/convis docs

goldens: convis
	@CV_CONVIS="$(CURDIR)/$(O)/convis" tests/goldens --write
.PHONY: picture goldens
