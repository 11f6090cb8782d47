/* SPDX-License-Identifier: GPL-2.0 */
/* lab-clock on|off: switch the memory clock of a machine of `lab run --clock model`, from inside.
 */
#include <stdio.h>
#include <string.h>

#include "magic.h"

int main(int argc, char **argv)
{
	if (argc != 2 || (strcmp(argv[1], "on") && strcmp(argv[1], "off"))) {
		fprintf(stderr, "usage: lab-clock on|off\n");
		return 2;
	}
	if (!strcmp(argv[1], "on"))
		__asm__ volatile(CLOCK_NOP(CLOCK_MAGIC_ON) : : : "memory");
	else
		__asm__ volatile(CLOCK_NOP(CLOCK_MAGIC_OFF) : : : "memory");
	return 0;
}
