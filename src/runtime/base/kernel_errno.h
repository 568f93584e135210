/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Errors, with those of the kernel's own (include/linux/errno.h) that reach user space though libc
 * has no name for them. */
#ifndef BASE_KERNEL_ERRNO_H
#define BASE_KERNEL_ERRNO_H

#include <errno.h>

#define ENOTSUPP 524 /* what is asked of a kind of map, or of BTF, that lacks it */

#endif /* BASE_KERNEL_ERRNO_H */
