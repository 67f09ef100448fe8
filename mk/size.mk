# ---- Sizes: what each image takes, held against what is written down in docs/size.budgets ----
#
# tools/size knows the images: it builds what can be built here, by a make for each. TLS_LIBRARY says how the program
# that 'make' builds comes by Mbed TLS; nothing where it does without.

size = +@MAKE='$(MAKE)' CC='$(CC)' CROSS='$(CROSS)' BUILD='$(BUILD)' DEPS='$(DEPS)' CPPFLAGS='$(CPPFLAGS)' \
	TLS_LIBRARY='$(if $(tls_built:none=),$(if $(system_tls),shared library,$(TLS_CONFIG)))' tools/size

size: ## measure: what each image takes, held to docs/size.budgets; HELD=all of them DOC=PAGE
	$(if $(filter-out all,$(HELD)),$(error HELD=all: each figure has to be held; there is no HELD=$(HELD)))
	$(size) table $(HELD:all=--all) $(DOC)

size-features: ## measure: what each feature costs
	$(size) features

size-cross: ## elsewhere: what the programs of check-cross take
	@tools/size cross $(foreach a,$(ARCHS),$a "$$($(cross) prefix $a)" $(BUILD)/cross/$a/anklet)
