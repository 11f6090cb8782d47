/* SPDX-License-Identifier: GPL-2.0 */
/* What libbpf has to say, in our log. */
#include "base/bpf-log.h"

#include <stdarg.h>

#include <bpf/libbpf.h>

#include "base/log.h"

_printf_(2, 0)
static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level != LIBBPF_DEBUG)
		log_write_lines(LOG_LEVEL_DEBUG, fmt, args);
	return 0;
}

void bpf_log_init(void)
{
	libbpf_set_print(print_libbpf);
}
