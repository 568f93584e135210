/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Names of objects (kernel: bpf_obj_name_cpy in kernel/bpf/syscall.c). */
#include "base/obj_name.h"

#include <errno.h>
#include <string.h>

/* The kernel's letters are Latin-1's: from 0xc0 on all but the signs for times and divided by. What
 * isalnum(3) says depends on the application's locale. */
static bool may_be_in_name(u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

int bpf_obj_name_cpy(char *dst, const char *src, u32 size)
{
	u32 i;

	memset(dst, 0, size);
	for (i = 0; i < size && src[i]; i++) {
		if (!may_be_in_name(src[i]))
			return -EINVAL;
		dst[i] = src[i];
	}
	return i < size ? 0 : -EINVAL;
}
