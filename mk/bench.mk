# make bench: the proxy beside others.
