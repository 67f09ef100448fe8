# ---- The compiler and its options ----

# The smallest code there is: of these, the options that the compiler knows.
SMALLEST_OPTIONS = -fno-ipa-cp -fno-jump-tables -fno-optimize-sibling-calls -fno-inline-small-functions \
	-fno-caller-saves -fno-tree-dominator-opts -fno-tree-pre -fno-move-loop-invariants -fno-code-hoisting \
	--param=large-function-insns=800 --param=large-function-growth=10
# A pointer into a table is kept, and not made of the table and an index anew wherever it is used.
# (-fno-thread-jumps would take 281 bytes less, and 7 to 10 % more instructions for a connection.)
SMALLER_HERE = -fno-tree-forwprop -malign-data=abi --param=large-function-insns=1600
ifeq ($(origin CFLAGS),undefined)
SMALLEST := $(shell tools/known '$(CC)' -Oz $(SMALLEST_OPTIONS) $(SMALLER_HERE))
CFLAGS = $(if $(filter -Oz,$(SMALLEST)),,-Os) $(SMALLEST) -g
endif
WARN = -Wall -Wextra -Wswitch-enum -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(WERROR:1=-Werror)
# A sanitizer replaces FORTIFY: it sees more, and the two get in each other's way.
HARDEN = -fPIE -fstack-protector-strong $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANITIZER = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
# Sections nobody refers to fall away; nothing here unwinds, and -g has its own tables for debuggers.
SECTIONS = -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
# The program is optimized as a whole. Its objects hold machine code as well, for the tests' programs
# put other functions in place of some, and for clang, whose linker may not be there.
LTO ?= $(if $(SANITIZE)$(findstring clang,$(shell $(CC) --version)),,-flto -flto-partition=none -ffat-lto-objects)
LTO := $(LTO)
PIE ?= -pie
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(SECTIONS) -fno-plt $(LTO) $(SANITIZER) $(CFLAGS) $(CPPFLAGS)
ALL_LDFLAGS = $(PIE) $(LINK_$(SYSTEM)) $(SANITIZER) $(LDFLAGS)
TEST_LDFLAGS = $(if $(LTO),-fno-lto) $(ALL_LDFLAGS)
LINK_Linux = -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,-z,nodynamic-undefined-weak,--no-eh-frame-hdr,--build-id=none,--gc-sections,--as-needed
LINK_Darwin = -Wl,-dead_strip
