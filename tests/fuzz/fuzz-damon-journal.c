/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: a journal as found in /run.  What is accepted must survive being written and read
 * again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "damon/slot/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[JOURNAL_TEXT_SIZE + 1], again[JOURNAL_TEXT_SIZE];
	struct journal first, second;

	if (size > JOURNAL_TEXT_SIZE)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (journal_parse(&first, text))
		return 0;
	journal_format(again, &first);
	assert(!journal_parse(&second, again));
	assert(first.stage == second.stage && first.slot == second.slot &&
	       first.mark == second.mark);
	assert(first.thread == second.thread && first.stat_lifted == second.stat_lifted);
	assert(!strcmp(first.boot_id, second.boot_id));
	return 0;
}
