# ---- Releases of Debian ----
#
#   make check-packages                whether every release has the packages that tools/need names

check-packages:
	@tools/check_packages $(BUILD)/packages

lint: lint_fresh

lint_fresh:
	shellcheck tools/debian tools/check_packages

.PHONY: check-packages lint_fresh
