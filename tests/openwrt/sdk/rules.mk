# Stands in for OpenWrt's rules.mk: what it promises to a package's Makefile, as far as that of anklet asks.
#
#   OUT          where everything is put
#   TARGET_CROSS the compiler's prefix; empty: this machine's own
#   STAGING_DIR  with usr/include and usr/lib of other packages
#
# Two marks among the flags show in the program whether it was built with them.

INCLUDE_DIR := $(TOPDIR)
BUILD_DIR := $(OUT)/build
DL_DIR := $(OUT)/dl
STAGING_DIR ?= $(OUT)/staging
ARCH := mipsel
PKG_JOBS := -j2

TARGET_CC := $(TARGET_CROSS)gcc
TARGET_AR := $(TARGET_CROSS)gcc-ar
TARGET_CFLAGS := -Os -pipe -DMARK_CFLAGS
TARGET_CPPFLAGS := -I$(STAGING_DIR)/usr/include
TARGET_LDFLAGS := -L$(STAGING_DIR)/usr/lib -Wl,--defsym=mark_ldflags=1

INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
INSTALL_CONF := install -m0600
