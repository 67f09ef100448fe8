# make size: what each image takes, held against what is written down.
