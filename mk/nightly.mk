# ---- What takes too long for every change, and is no part of CI; and releases of Debian ----

soak: $(BUILD)/anklet ## test: every kind of session, mixed, for SOAK_SECONDS=600
	@TEST_SECONDS=$$(($(or $(SOAK_SECONDS),600) + 300)) tests/run \
		'tests/soak --seconds $(or $(SOAK_SECONDS),600) --program $(abspath $(BUILD)/anklet)'

nightly: ## test: what takes hours; NIGHTLY='cross fuzz soak' are only these
	@MAKE='$(MAKE)' tests/nightly $(NIGHTLY)

check-fresh: ## test: README's two commands on a bare Debian, as root; RELEASE=trixie WITH= DOC=PAGE
	@tools/need check-fresh
	@DOC='$(DOC)' tools/check_fresh '$(RELEASE)' $(BUILD)/fresh $(WITH)

check-packages: ## test: whether every release has the packages that the targets install
	@tools/check_packages $(BUILD)/packages
