# make cover and make mutate: what the tests reach, and what they would notice.
