# SPDX-License-Identifier: GPL-2.0
#
# vmswap: "make help" says what can be made.

BUILD := $(CURDIR)/build
PREFIX ?= /usr/local
DESTDIR ?=
UDEVDIR ?= /usr/lib/udev/rules.d
KVER ?= $(shell uname -r)

# Headers of the running kernel when they are there, else of the test host's
# kernel, which is fetched.
KDIR ?= $(wildcard /lib/modules/$(KVER)/build)

# What the tests' C programs take; user space has its own list. Module builds
# and test hosts ask for what they need themselves.
PACKAGES := gcc libc6-dev make \
	$(shell grep -v '^\#' user/PACKAGES 2>/dev/null)

MODULE := $(BUILD)/module
NO_HEADERS := no headers of kernel $(KVER)
# Which kernel the module is for, where it is for none that runs here and is asked for.
TELL_KERNEL := $(if $(KDIR)$(filter check soak bench,$(MAKECMDGOALS)),:,echo \
	'$(NO_HEADERS): the module in build/6.1 is for the tests, not for this kernel')

MAKEFLAGS += --no-print-directory
# depmod, which "su" without "-" does not find either.
export PATH := $(PATH):/usr/sbin:/sbin

all: module user
	@$(TELL_KERNEL)

help:
	@echo 'make            the module (for KDIR), the library and the tools'
	@echo 'make module     only the module; KDIR=/path/to/kernel/headers'
	@echo 'make user       only the library and the tools'
	@echo 'make check      build, then all tests, in virtual machines;'
	@echo '                TESTS="block*" or KERNEL=6.12 for some of them'
	@echo 'make lint       static checks only'
	@echo 'make demo       the main job, shown in a virtual machine; KERNEL=6.12'
	@echo 'make bench      measurements; then, into the documentation: make bench-page'
	@echo 'make soak       load for two hours; DURATION=30m or 8h, KERNEL=6.12'
	@echo 'make install    module, tools, man pages, udev rule, completion;'
	@echo '                DESTDIR, PREFIX ($(PREFIX)), KVER ($(KVER))'
	@echo 'make install-user   the same without the module'
	@echo 'make install-module the module alone'
	@echo 'make uninstall  remove what these have installed'
	@echo 'make clean      remove build/ and out/'
	@echo 'make deps       install the packages that a build needs'

# Packages are asked for once per tree and list.
deps: $(BUILD)/.deps
	@:

$(BUILD)/.deps: Makefile $(wildcard user/PACKAGES)
	@mkdir -p $(BUILD)
	@bash -c '. selftests/vm/lib.sh; need_packages $(PACKAGES)' make
	@touch $@

# Built in a tree of links, so that the sources stay clean and builds for
# several kernels do not meet. Links to files that are gone go, too. Tests do
# not use it: their hosts have modules of their own.
module: deps
ifeq ($(KDIR),)
	@selftests/vm/module 6.1 >/dev/null
	@$(if $(filter module,$(MAKECMDGOALS)),$(TELL_KERNEL),:)
else
	@mkdir -p $(MODULE)
	@cp -asf $(CURDIR)/Kbuild $(CURDIR)/kernel $(CURDIR)/uapi $(MODULE)/
	@find $(MODULE) -xtype l -delete
	@$(MAKE) -C $(KDIR) M=$(MODULE) modules
endif

# A checkout of only the kernel part has no user/.
user: deps
	@[ ! -e user/Makefile ] || $(MAKE) -C user all BUILD=$(BUILD)

selftests: deps
	@$(MAKE) -C selftests all BUILD=$(BUILD)

check: all selftests
	@set -f; selftests/run $(if $(KERNEL),-k $(KERNEL)) $(TESTS)

lint:
	selftests/lint

# Gets and builds what it needs itself, which is less than all.
demo:
	@selftests/demo $(if $(KERNEL),-k $(KERNEL))

bench: all selftests
	$(if $(KERNEL),$(error KERNEL has no meaning here: each mode has its own kernel))
	selftests/bench/run

# What "make bench" has measured, into Documentation/benchmarks.md.
bench-page:
	selftests/bench/page

soak: all selftests
	selftests/soak $(DURATION) $(if $(KERNEL),-k $(KERNEL))

# The module last: that it cannot be installed is what must be read.
install: install-user install-module

install-user: user
	@[ ! -e user/Makefile ] || $(MAKE) -C user install BUILD=$(BUILD) \
		DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)
	install -D -m 644 dist/60-vmswap.rules \
		$(DESTDIR)$(UDEVDIR)/60-vmswap.rules

# Without headers of the kernel that is to load it there is nothing to install:
# dkms builds it for each kernel as it comes. A distribution's headers tell to
# sign modules but lack its key, and Debian's lack the System.map without which
# modules_install leaves out depmod.
install-module:
ifeq ($(KDIR),)
	@echo 'The module is not installed: $(NO_HEADERS).' >&2
	@echo 'Install linux-headers-$(KVER) and repeat, or use dkms:' >&2
	@echo '  git archive --prefix=vmswap-0.1/ HEAD | tar -x -C /usr/src' >&2
	@echo '  dkms install vmswap/0.1' >&2
	@echo '"make install-user" installs all but the module.' >&2
	@exit 1
else
	@$(MAKE) module KDIR=$(KDIR)
	@$(MAKE) -C $(KDIR) M=$(MODULE) INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates $(if $(DESTDIR),DEPMOD=true) \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=) \
		modules_install
	$(if $(DESTDIR),,depmod $(KVER))
endif

# The same files as in an empty directory, so that there is one list of them.
uninstall:
	@rm -rf $(BUILD)/uninstall
	@$(MAKE) -s install-user DESTDIR=$(BUILD)/uninstall PREFIX=$(PREFIX)
	cd $(BUILD)/uninstall && find . ! -type d -printf '%P\0' | \
		sed -z 's,^,$(DESTDIR)/,' | xargs -0 rm -f
	rm -f $(DESTDIR)/lib/modules/*/updates/vmswap.ko*
	$(if $(DESTDIR),,depmod $(KVER))

clean:
	@[ ! -e user/Makefile ] || $(MAKE) -C user clean BUILD=$(BUILD)
	rm -rf $(BUILD) out

.PHONY: all help deps module user selftests check lint demo bench bench-page soak \
	install install-user install-module uninstall clean
