/* SPDX-License-Identifier: GPL-2.0 */
/* sigbus.h - what a touch of a page that is lost answers with. */
#ifndef SELFTESTS_SIGBUS_H
#define SELFTESTS_SIGBUS_H

#include <setjmp.h>
#include <signal.h>

#include "test-lib.h"

static sigjmp_buf bus;
static volatile int bus_code;
static void *volatile bus_addr;

static inline void on_bus(int sig, siginfo_t *info, void *context)
{
	bus_code = info->si_code;
	bus_addr = info->si_addr;
	siglongjmp(bus, 1);
}

/* 0, or the code of the SIGBUS; addresses that are not the page's are code -1. */
static inline int touch(uint8_t *page)
{
	if (sigsetjmp(bus, 1))
		return bus_addr == page ? bus_code : -1;
	*(volatile uint8_t *)page;
	return 0;
}

static inline int bus_catch(void)
{
	struct sigaction action = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

	return sigaction(SIGBUS, &action, NULL) ? -errno : 0;
}

#endif /* SELFTESTS_SIGBUS_H */
