# ---- make help, install, uninstall and dist ----
#
# 'make help' prints the comments beside the targets, of the Makefile and of every mk/*.mk. A target for people has one,
# after '##', which begins with the name of its group:
#
#   bench: all ## measure: beside other proxies; ROUNDS=5
#
# A line of its own says the same of what is no target: '## use: CONFIG=NAME: other sizes'. A '%' is printed as NAME.
# The groups are in tools/help. What stays inside the project, as 'tls_found' does, has no such comment.

help: ## use: this page
	@tools/help $(filter Makefile %/Makefile %.mk,$(MAKEFILE_LIST))

# The version stands in the header. Those who cannot read it there repeat it: tests/release/test_version.py.
VERSION = $(shell sed -n 's/^.define ANKLET_VERSION "\(.*\)"$$/\1/p' include/anklet.h)

prefix = $(PREFIX)
sbindir = $(prefix)/sbin
mandir = $(prefix)/share/man
docdir = $(prefix)/share/doc/anklet
bashcompdir = $(prefix)/share/bash-completion/completions
zshcompdir = $(prefix)/share/zsh/site-functions

# The compiler knows the strip for its processor; STRIP=: keeps the symbols.
STRIP ?= $(shell $(CC) -print-prog-name=strip)

# A copy is stripped before anything is installed: what fails there leaves everything as it was.
install: all ## use: install it; TLS= and CONFIG= again, as 'make' had them; PREFIX= DESTDIR= STRIP=:
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; trap 'exit 130' INT TERM HUP; set -x; \
	cp $(BUILD)/anklet "$$scratch/anklet"; \
	$(or $(STRIP),:) "$$scratch/anklet"; \
	install -d "$(DESTDIR)$(sbindir)" "$(DESTDIR)$(mandir)/man5" "$(DESTDIR)$(mandir)/man8" "$(DESTDIR)$(docdir)" \
		"$(DESTDIR)$(bashcompdir)" "$(DESTDIR)$(zshcompdir)"; \
	install -m 755 "$$scratch/anklet" "$(DESTDIR)$(sbindir)/anklet"
	install -m 644 docs/anklet.8 "$(DESTDIR)$(mandir)/man8/anklet.8"
	install -m 644 docs/anklet.conf.5 "$(DESTDIR)$(mandir)/man5/anklet.conf.5"
	install -m 644 docs/anklet.conf LICENSE "$(DESTDIR)$(docdir)"
	install -m 644 $(BUILD)/completion/anklet "$(DESTDIR)$(bashcompdir)"
	install -m 644 $(BUILD)/completion/_anklet "$(DESTDIR)$(zshcompdir)"

uninstall: ## use: remove what 'make install' put there, with the same PREFIX and DESTDIR
	rm -f "$(DESTDIR)$(sbindir)/anklet" "$(DESTDIR)$(mandir)/man8/anklet.8" \
		"$(DESTDIR)$(mandir)/man5/anklet.conf.5" "$(DESTDIR)$(docdir)/anklet.conf" "$(DESTDIR)$(docdir)/LICENSE" \
		"$(DESTDIR)$(bashcompdir)/anklet" "$(DESTDIR)$(zshcompdir)/_anklet"
	[ ! -d "$(DESTDIR)$(docdir)" ] || [ -n "$$(ls -A "$(DESTDIR)$(docdir)")" ] || rmdir "$(DESTDIR)$(docdir)"

dist: ## release: BUILD/anklet-VERSION.tar.gz of what is committed, and its checksum
	@tools/dist '$(VERSION)' '$(BUILD)'

RELEASE_TESTS ?= tests/release

check-release: export REPEAT = make check-release RELEASE_TESTS=
check-release: ## release: test help, install, uninstall, dist, and the version
	@$(run_tests) '$(PYTEST) $(RELEASE_TESTS)'

.PHONY: help install uninstall dist check-release
