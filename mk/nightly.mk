# make nightly: what takes too long for every change.
