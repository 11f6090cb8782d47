/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Foreign text on its way to people: names of processes, paths, kernel
 * messages, words of the command line.  Any byte may be in it; a terminal and
 * JSON must get none that they act on.
 *
 * Printable UTF-8 stays as it is.  "\\" stands for a backslash, and "\xHH", two
 * lower case hexadecimal digits, for a byte of anything else:
 *
 *   - control characters: below U+0020, U+007F to U+009F, line and paragraph
 *     separators
 *   - characters that show nothing, and those that turn the direction of text
 *   - bytes that are not UTF-8, a character that was cut included
 *
 * So the escape tells every byte of the text, and is printable UTF-8 itself.
 */
#ifndef TS_BASE_ESCAPE_H
#define TS_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the escape of NR bytes. */
#define ESCAPE_SIZE(nr) (4 * (nr) + 1)

/*
 * The escape of TEXT in BUF of SIZE bytes (at least 1), cut at a whole character
 * or a whole escape where it is too short.  Returns BUF.
 */
char *escape(char *buf, size_t size, const char *text);

/*
 * The same of text that ought to be escaped already, but by a program that is
 * not trusted with it: backslashes stay as they are.
 */
char *escape_again(char *buf, size_t size, const char *text);

#endif
