# make check-fresh: the README's two commands on a bare Debian.

lint: lint_fresh

lint_fresh:
	shellcheck tools/debian

.PHONY: lint_fresh
