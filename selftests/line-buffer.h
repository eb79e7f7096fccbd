/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before every test program: standard output goes line by line, also
 * into a file. So its lines keep their order with those of standard error, a
 * hang shows how far the test came, and a fork does not print them twice.
 */
#ifndef SELFTESTS_LINE_BUFFER_H
#define SELFTESTS_LINE_BUFFER_H

#include <stdio.h>

static void __attribute__((constructor)) line_buffer_stdout(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

#endif
