# make help, install, uninstall and dist.

# The version stands in the header.
VERSION = $(shell sed -n 's/^.define ANKLET_VERSION "\(.*\)"$$/\1/p' include/anklet.h)

prefix = $(PREFIX)
sbindir = $(prefix)/sbin
mandir = $(prefix)/share/man
docdir = $(prefix)/share/doc/anklet

# The compiler knows the strip for its processor.
STRIP ?= $(shell $(CC) -print-prog-name=strip)

install: all
	install -d "$(DESTDIR)$(sbindir)" "$(DESTDIR)$(mandir)/man5" "$(DESTDIR)$(mandir)/man8" "$(DESTDIR)$(docdir)"
	install -m 755 $(BUILD)/anklet "$(DESTDIR)$(sbindir)/anklet"
	$(STRIP) "$(DESTDIR)$(sbindir)/anklet"
	install -m 644 docs/anklet.8 "$(DESTDIR)$(mandir)/man8/anklet.8"
	install -m 644 docs/anklet.conf.5 "$(DESTDIR)$(mandir)/man5/anklet.conf.5"
	install -m 644 docs/anklet.conf LICENSE "$(DESTDIR)$(docdir)"

uninstall:
	rm -f "$(DESTDIR)$(sbindir)/anklet" "$(DESTDIR)$(mandir)/man8/anklet.8" \
		"$(DESTDIR)$(mandir)/man5/anklet.conf.5" "$(DESTDIR)$(docdir)/anklet.conf" "$(DESTDIR)$(docdir)/LICENSE"
	[ ! -d "$(DESTDIR)$(docdir)" ] || [ -n "$$(ls -A "$(DESTDIR)$(docdir)")" ] || rmdir "$(DESTDIR)$(docdir)"

dist:
	@tools/dist '$(VERSION)' '$(BUILD)'

RELEASE_TESTS ?= tests/release

check-release: export REPEAT = make check-release RELEASE_TESTS=
check-release:
	@PYTHONDONTWRITEBYTECODE=1 tests/run '$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX $(RELEASE_TESTS)'

lint: lint_release

lint_release:
	shellcheck tools/dist

.PHONY: install uninstall dist check-release lint_release
