/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Reading an iterator to its end. */
#ifndef CLI_DRAIN_H
#define CLI_DRAIN_H

/*
 * Write all that the iterator @fd of @program gives to standard output. What was read before an
 * error is written too.
 */
int drain_iterator(int fd, const char *program);

#endif /* CLI_DRAIN_H */
