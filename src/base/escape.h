/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Foreign text on its way to people: names of processes, paths, kernel messages, words of the
 * command line.  It may hold any byte.  A terminal and JSON must get no byte that they act on.
 *
 * Printable UTF-8 stays as it is.  "\\" stands for a backslash.  "\xHH" stands for a byte of
 * anything else, with two hexadecimal digits in lower case:
 *
 *   - control characters: below U+0020, U+007F to U+009F, line and paragraph
 *     separators
 *   - characters that show nothing, and those that turn the direction of text
 *   - bytes that are not UTF-8, and those of a character that was cut
 *
 * So the escape keeps every byte of the text, and is printable UTF-8 itself.
 */
#ifndef TS_BASE_ESCAPE_H
#define TS_BASE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the escape of NR bytes. */
#define ESCAPE_SIZE(nr) (4 * (nr) + 1)

/*
 * Write the escape of TEXT into BUF of SIZE bytes (at least 1).  Where BUF is too short, the
 * escape is cut behind a whole character or a whole "\xHH".  Returns BUF.
 */
char *escape(char *buf, size_t size, const char *text);

/*
 * The same for text that another program should have escaped already, but which is not trusted
 * to be: backslashes stay as they are.
 */
char *escape_again(char *buf, size_t size, const char *text);

#endif
