/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* What the engine has, where kernels differ. */
#ifndef TEST_OBJECTS_HAS_H
#define TEST_OBJECTS_HAS_H

#include <stdbool.h>

/* A function among its types: the one of an iterator target, a kfunc. */
bool has_function(const char *name);

#endif /* TEST_OBJECTS_HAS_H */
