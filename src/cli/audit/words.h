/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Names and paths, which anyone may choose, in sentences, in JSON and in lines for the shell. All
 * results are the caller's to free; NULL for want of memory.
 */
#ifndef CLI_AUDIT_WORDS_H
#define CLI_AUDIT_WORDS_H

/*
 * @text with everything that is not a printable character in valid UTF-8 as \xHH, and backslashes
 * doubled, so that what is shown says exactly which bytes there are. NULL is "".
 */
char *escaped(const char *text);

/* @text as one word of a POSIX shell, or, if control characters are in it, of bash ($'...'). */
char *shell_word(const char *text);

/* "file://" and @path, percent-encoded (RFC 3986). */
char *file_uri(const char *path);

#endif /* CLI_AUDIT_WORDS_H */
