# ---- make help, install, uninstall and dist ----

help: ## use: this page
	@tools/help $(filter Makefile %/Makefile %.mk,$(MAKEFILE_LIST))

# The compiler knows the strip for its processor; STRIP=: keeps the symbols.
STRIP ?= $(shell $(CC) -print-prog-name=strip)

install: all ## use: install it; TLS= and CONFIG= again, as 'make' had them; PREFIX= DESTDIR= STRIP=:
	@STRIP='$(or $(STRIP),:)' tools/install $(BUILD)

uninstall: ## use: remove what 'make install' put there, with the same PREFIX and DESTDIR
	@tools/install --remove

dist: ## release: BUILD/anklet-VERSION.tar.gz of what is committed, and its checksum
	@tools/dist '$(BUILD)'

check-release: ## release: test help, install, uninstall, dist, and the version
	@$(call run_pytest,$@,tests/release)
