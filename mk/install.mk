# `make install` and `make uninstall`: PREFIX says where it will be used from (and is looked for there), DESTDIR where it is
# put for packing. The scenarios are found relative to the program too, so that a moved tree still works.
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share/convis
MANDIR ?= $(PREFIX)/share/man
# Where each shell looks for completions of its own accord, and the name it wants there.
ZSHDIR ?= zsh/site-functions
VIMDIR ?= vim/vimfiles
COMPLETIONS := bash:bash-completion/completions/convis zsh:$(ZSHDIR)/_convis fish:fish/vendor_completions.d/convis.fish
INSTALL ?= install

install: convis
	$(INSTALL) -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(DATADIR)/scenarios" "$(DESTDIR)$(MANDIR)/man1" "$(DESTDIR)$(MANDIR)/man5"
	$(INSTALL) -m 755 $(O)/convis "$(DESTDIR)$(BINDIR)/convis"
	$(INSTALL) -m 644 scenarios/*.ini scenarios/course "$(DESTDIR)$(DATADIR)/scenarios/"
	$(INSTALL) -m 644 man/convis.1 "$(DESTDIR)$(MANDIR)/man1/"
	$(INSTALL) -m 644 man/convis-scenario.5 "$(DESTDIR)$(MANDIR)/man5/"
	for f in syntax ftdetect; do $(INSTALL) -d "$(DESTDIR)$(PREFIX)/share/$(VIMDIR)/$$f" && $(INSTALL) -m 644 share/vim/$$f/convis.vim "$(DESTDIR)$(PREFIX)/share/$(VIMDIR)/$$f/" || exit 1; done
	for c in $(COMPLETIONS); do to="$(DESTDIR)$(PREFIX)/share/$${c#*:}"; $(INSTALL) -d "$${to%/*}" && $(O)/convis completion $${c%%:*} >"$$to" && chmod 644 "$$to" || exit 1; done

# Takes away what install put there and nothing else: folders only when they are empty.
uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/convis" "$(DESTDIR)$(MANDIR)/man1/convis.1" "$(DESTDIR)$(MANDIR)/man5/convis-scenario.5"
	rm -f "$(DESTDIR)$(PREFIX)/share/$(VIMDIR)/syntax/convis.vim" "$(DESTDIR)$(PREFIX)/share/$(VIMDIR)/ftdetect/convis.vim"
	for c in $(COMPLETIONS); do rm -f "$(DESTDIR)$(PREFIX)/share/$${c#*:}"; done
	for f in scenarios/*.ini scenarios/course; do rm -f "$(DESTDIR)$(DATADIR)/$$f"; done
	-rmdir "$(DESTDIR)$(DATADIR)/scenarios" "$(DESTDIR)$(DATADIR)" 2>/dev/null || true

# The tables in the manual are the program's own.
man: convis
	scripts/man-tables $(O)/convis man/convis.1
.PHONY: install uninstall man

# The sources as they are committed, to be handed on: convis-VERSION.tar.gz.
dist:
	git archive --prefix=convis-$(VERSION)/ -o convis-$(VERSION).tar.gz HEAD
	@echo "convis-$(VERSION).tar.gz"
.PHONY: dist
