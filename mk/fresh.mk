# make check-fresh: the README's two commands on a bare Debian.
