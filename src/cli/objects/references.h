/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* References between the objects of a look. */
#ifndef CLI_OBJECTS_REFERENCES_H
#define CLI_OBJECTS_REFERENCES_H

#include "look.h"

/* -ENOMEM, else 0. */
int reference_add(struct look *look, const struct reference *reference);

/* Add those that the objects themselves tell, and sort all that there are. */
int references_find(struct look *look);

#endif /* CLI_OBJECTS_REFERENCES_H */
