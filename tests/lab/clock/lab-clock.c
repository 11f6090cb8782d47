/* SPDX-License-Identifier: GPL-2.0 */
/* lab-clock on|off: switch the memory clock of a machine of `lab run --clock model`, from inside.
 */
#include <stdio.h>
#include <string.h>

#include "magic.h"

#define TEXT(x) #x
#define MAGIC_NOP(word)                                                                            \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long " TEXT(word) : : : "memory")

int main(int argc, char **argv)
{
	if (argc != 2 || (strcmp(argv[1], "on") && strcmp(argv[1], "off"))) {
		fprintf(stderr, "usage: lab-clock on|off\n");
		return 2;
	}
	if (!strcmp(argv[1], "on"))
		MAGIC_NOP(CLOCK_MAGIC_ON);
	else
		MAGIC_NOP(CLOCK_MAGIC_OFF);
	return 0;
}
