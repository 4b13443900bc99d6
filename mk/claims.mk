# `make claims`: what the notes say against what is measured here, on this machine, written to docs/claims.md. Takes some minutes.
claims: convis
	@scripts/claims $(O)
.PHONY: claims
