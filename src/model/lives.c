/* SPDX-License-Identifier: GPL-2.0 */
/* How long heat lasts.  lives.h has the theory. */
#include "model/lives.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/util.h"

static size_t class_of(double life_s)
{
	int exponent;

	if (life_s < LIVES_SHORTEST_S)
		return 0;
	(void)frexp(life_s / LIVES_SHORTEST_S, &exponent);
	return MIN((size_t)exponent, (size_t)LIVES_NR_CLASSES - 1);
}

static void add(struct lives_class *classes, double bytes, double life_s)
{
	struct lives_class *c = &classes[class_of(life_s)];

	c->bytes += bytes;
	c->byte_s += bytes * life_s;
}

void lives_begin(struct lives *l, double dt_s)
{
	double left = exp(-dt_s / LIVES_REMEMBERED_S);

	memset(l->living, 0, sizeof(l->living));
	for (size_t i = 0; i < LIVES_NR_CLASSES; i++) {
		l->ended[i].bytes *= left;
		l->ended[i].byte_s *= left;
	}
}

void lives_add_living(struct lives *l, double bytes, double life_s)
{
	add(l->living, bytes, life_s);
}

void lives_add_ended(struct lives *l, double bytes, double life_s)
{
	add(l->ended, bytes, life_s);
}

double lives_remaining(const struct lives *l, double age_s)
{
	double bytes = 0, byte_s = 0;

	for (size_t i = class_of(age_s); i < LIVES_NR_CLASSES; i++) {
		const struct lives_class *ended = &l->ended[i], *living = &l->living[i];

		bytes += living->bytes;
		byte_s += 2 * living->byte_s;
		/* in its own class lives may have been shorter than this one is already */
		if (ended->byte_s < age_s * ended->bytes)
			continue;
		bytes += ended->bytes;
		byte_s += ended->byte_s;
	}
	return bytes > 0 ? MAX(byte_s / bytes - age_s, 0.0) : age_s;
}
