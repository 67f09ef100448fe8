# ---- Sizes: what each image takes, held against what is written down in docs/size.budgets ----
#
#   make size                            builds every image that can be built here, and prints a row for each
#   make size DOC=docs/performance.md    the same, and writes the table into that page
#   make size-features                   what each feature costs
#   make size-cross                      what 'make check-cross' has left for each of ARCHS

size: ## measure: what each image takes, held against docs/size.budgets; DOC=PAGE: written there
	+@MAKE='$(MAKE)' CC='$(CC)' CROSS='$(CROSS)' BUILD='$(BUILD)' DEPS='$(DEPS)' TLS_LIBRARY='$(size_library)' \
		PYTHONDONTWRITEBYTECODE=1 tools/size table $(DOC)

# How the program that 'make' builds comes by Mbed TLS; nothing where it does without.
size_library = $(if $(tls_built:none=),$(if $(system_tls),shared library,$(TLS_CONFIG)))

# The images; tools/size asks for each by its name when its compiler is there. What 'make' builds is 'all'.
size_make = +@$(MAKE) --no-print-directory BUILD=$(BUILD)/size/$(@:size_%=%) TLS=none CONFIG=

size_desktop:
	$(size_make) all

size_tls: all

size_half:
	$(size_make) CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=256' all

size_socks:
	$(size_make) CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_ROUTES=0 -DCONFIG_ANKLET_FORWARDS=0 \
		-DCONFIG_ANKLET_ASSOCIATIONS=0' all

size_tiny:
	$(size_make) CONFIG=tiny all

size_small:
	$(size_make) TLS=mbedtls TLS_CONFIG=small all

size_mipsel: $(call musl,mipsel)/lib/libc.a
	+@$(call cross_make,mipsel) CONFIG= all

$(BOARDS:%=size_%): size_%:
	+@$(MAKE) --no-print-directory BOARD=$* CONFIG= $(BUILD)/$*/anklet.elf

# The desktop without TLS, and with each feature disabled in turn.
FEATURES = BIND-0 IDENT-0 NAMES-0 ROUTES-0 FORWARDS-0,ASSOCIATIONS-0 ASSOCIATIONS-0 NAME_CACHE-0 \
	REMEDIES-0 LOG_LEVELS-3 LOG_LEVELS-2 LOG_LEVELS-0
features_disabled = $(foreach f,$(FEATURES),$(BUILD)/without/$f/anklet)

$(features_disabled): $(BUILD)/without/%/anklet: FORCE
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/without/$* TLS=none \
		CPPFLAGS='$(CPPFLAGS) $(patsubst %,-DCONFIG_ANKLET_%,$(subst -,=,$(subst $(comma), ,$*)))' all

size-features: size_desktop size_tiny $(features_disabled) ## measure: what each feature costs
	@tools/size features $(BUILD)/size/desktop/anklet $(features_disabled) $(BUILD)/size/tiny/anklet

size-cross: ## elsewhere: what the programs of check-cross take
	@tools/size cross $(foreach a,$(ARCHS),$a $(if $(TRIPLE_$a),$(TRIPLE_$a)-,'') $(BUILD)/cross/$a/anklet)

.PHONY: size size-features size-cross size_desktop size_tls size_half size_socks \
	size_tiny size_small size_mipsel $(BOARDS:%=size_%)
