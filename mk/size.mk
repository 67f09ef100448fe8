# ---- Sizes: what each image takes, held against what is written down in docs/size.budgets ----
#
# tools/size builds what can be built here, by the targets below, and prints a row for each.

HELD ?=

size: ## measure: what each image takes, held to docs/size.budgets; HELD=all of them DOC=PAGE
	$(if $(filter-out all,$(HELD)),$(error HELD=all: each figure has to be held; there is no HELD=$(HELD)))
	+@MAKE='$(MAKE)' CC='$(CC)' CROSS='$(CROSS)' BUILD='$(BUILD)' DEPS='$(DEPS)' TLS_LIBRARY='$(size_library)' \
		PYTHONDONTWRITEBYTECODE=1 tools/size table $(HELD:all=--all) $(DOC)

# How the program that 'make' builds comes by Mbed TLS; nothing where it does without.
size_library = $(if $(tls_built:none=),$(if $(system_tls),shared library,$(TLS_CONFIG)))

# The images; tools/size asks for each by its name when its compiler is there. What 'make' builds is 'all'.
words_half = CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=256'
words_socks = CONFIG=socks
words_tiny = CONFIG=tiny
words_small = TLS=mbedtls TLS_CONFIG=small
size_programs = size_desktop size_half size_socks size_tiny size_small

$(size_programs): size_%:
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/size/$* TLS=none CONFIG= $(words_$*) all

size_tls: all

size_mipsel: $(DEPS)/built/musl-mipsel-linux-gnu/lib/libc.a
	+@$(cross) mipsel CONFIG= all

$(BOARDS:%=size_%): size_%:
	+@$(MAKE) --no-print-directory BOARD=$* CONFIG= $(BUILD)/$*/anklet.elf

# The desktop without TLS, and with each feature disabled in turn.
FEATURES = BIND-0 IDENT-0 NAMES-0 ROUTES-0 FORWARDS-0,ASSOCIATIONS-0 ASSOCIATIONS-0 NAME_CACHE-0 \
	HINTS-0 LOG_LEVELS-3 LOG_LEVELS-2 LOG_LEVELS-0
features_disabled = $(foreach f,$(FEATURES),$(BUILD)/without/$f/anklet)

$(features_disabled): $(BUILD)/without/%/anklet: FORCE
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/without/$* TLS=none \
		CPPFLAGS='$(CPPFLAGS) $(patsubst %,-DCONFIG_ANKLET_%,$(subst -,=,$(subst $(comma), ,$*)))' all

size-features: size_desktop size_tiny $(features_disabled) ## measure: what each feature costs
	@tools/size features $(BUILD)/size/desktop/anklet $(features_disabled) $(BUILD)/size/tiny/anklet

size-cross: ## elsewhere: what the programs of check-cross take
	@tools/size cross $(foreach a,$(ARCHS),$a "$$($(cross) prefix $a)" $(BUILD)/cross/$a/anklet)

.PHONY: size size-features size-cross $(size_programs) size_tls size_mipsel $(BOARDS:%=size_%)
