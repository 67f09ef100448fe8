# ---- Releases of Debian ----

RELEASE ?=
WITH ?=

check-fresh: ## test: README's two commands on a bare Debian, as root; RELEASE=trixie WITH= DOC=PAGE
	@tools/need check-fresh
	@DOC='$(DOC)' tools/check_fresh '$(RELEASE)' $(BUILD)/fresh $(WITH)

check-packages: ## test: whether every release has the packages that the targets install
	@tools/check_packages $(BUILD)/packages

.PHONY: check-fresh check-packages
