/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The elements of maps of which the engine keeps no count. */
#ifndef CLI_LISTS_COUNT_H
#define CLI_LISTS_COUNT_H

#include "chosen.h"

/* Count those of the maps @rows of @objects by reading them all; what cannot be read stays unknown.
 */
void count_unknown_elements(struct objects *objects, const struct rows *rows);

/* If there are hashes among @rows that the engine does not count, say how to have them read. */
void remark_on_uncounted(const struct objects *objects, const struct rows *rows);

#endif /* CLI_LISTS_COUNT_H */
