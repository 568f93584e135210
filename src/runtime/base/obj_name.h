/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
#ifndef BASE_OBJ_NAME_H
#define BASE_OBJ_NAME_H

#include "base/types.h"

/* An object's name from an attribute of @size bytes: letters, digits, '_' and '.', ended by a NUL.
 * -EINVAL. */
int bpf_obj_name_cpy(char *dst, const char *src, u32 size);

#endif /* BASE_OBJ_NAME_H */
