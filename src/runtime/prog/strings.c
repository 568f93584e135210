/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Strings at any address (kernel: bpf_strcmp and its like in kernel/bpf/helpers.c). A program may
 * pass what it likes, so every byte is read guarded: -EFAULT where there is none; -ERANGE of NULL
 * and of addresses that no process has; -E2BIG of a string without an end in 64 KiB. Characters are
 * unsigned, letters those of ASCII.
 */
#include <errno.h>

#include "base/nofault.h"
#include "prog/kfunc.h"

#define MAX_STRING 65536
#define LOWEST_ADDRESS 4096
#define HIGHEST_BITS 56 /* as many as an address of a process has, at most */

static bool never_there(const char *s)
{
	return (unsigned long)s < LOWEST_ADDRESS || (u64)(unsigned long)s >> HIGHEST_BITS;
}

/* A byte of a string, or negative errno. */
static int char_at(const char *s, u32 i)
{
	u8 c;

	return copy_from_nofault(&c, s + i, 1) ? -EFAULT : c;
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static int compare(const char *s1, const char *s2, bool ignore_case)
{
	int c1, c2;
	u32 i;

	if (never_there(s1) || never_there(s2))
		return -ERANGE;
	for (i = 0; i < MAX_STRING; i++) {
		c1 = char_at(s1, i);
		c2 = c1 < 0 ? c1 : char_at(s2, i);
		if (c2 < 0)
			return c2;
		if (ignore_case) {
			c1 = lower(c1);
			c2 = lower(c2);
		}
		if (c1 != c2)
			return c1 < c2 ? -1 : 1;
		if (!c1)
			return 0;
	}
	return -E2BIG;
}

int bpf_strcmp(const char *s1__ign, const char *s2__ign)
{
	return compare(s1__ign, s2__ign, false);
}

int bpf_strcasecmp(const char *s1__ign, const char *s2__ign)
{
	return compare(s1__ign, s2__ign, true);
}

/*
 * Where in the first @count characters of a string the first @c is, or its end: *@at is what is
 * there. @count: neither, and *@at is -1. Negative errno.
 */
static int find(const char *s, size_t count, char c, int *at)
{
	u32 i;

	*at = -1;
	if (never_there(s))
		return -ERANGE;
	for (i = 0; i < count && i < MAX_STRING; i++) {
		int found = char_at(s, i);

		if (found < 0)
			return found;
		if (!found || found == (u8)c) {
			*at = found;
			return (int)i;
		}
	}
	return i == MAX_STRING ? -E2BIG : (int)i;
}

int bpf_strnchr(const char *s__ign, size_t count, char c)
{
	int at, i = find(s__ign, count, c, &at);

	return i < 0 || at == (u8)c ? i : -ENOENT;
}

int bpf_strchr(const char *s__ign, char c)
{
	return bpf_strnchr(s__ign, MAX_STRING, c);
}

int bpf_strchrnul(const char *s__ign, char c)
{
	int at;

	return find(s__ign, MAX_STRING, c, &at);
}

int bpf_strrchr(const char *s__ign, int c)
{
	int found, last = -ENOENT;
	u32 i;

	if (never_there(s__ign))
		return -ERANGE;
	for (i = 0; i < MAX_STRING; i++) {
		found = char_at(s__ign, i);
		if (found < 0)
			return found;
		if (found == c)
			last = (int)i;
		if (!found)
			return last;
	}
	return -E2BIG;
}

int bpf_strnlen(const char *s__ign, size_t count)
{
	int at;

	return find(s__ign, count, '\0', &at);
}

int bpf_strlen(const char *s__ign)
{
	return bpf_strnlen(s__ign, MAX_STRING);
}

/* Is @c in @set? 0, 1, negative errno. */
static int is_in(const char *set, int c)
{
	int found;
	u32 i;

	for (i = 0; i < MAX_STRING; i++) {
		found = char_at(set, i);
		if (found < 0)
			return found;
		if (!found)
			return 0;
		if (found == c)
			return 1;
	}
	return -E2BIG;
}

/* How many characters @s begins with that are in @set, or (@in 0) are not. */
static int span(const char *s, const char *set, int in)
{
	int c, found;
	u32 i;

	if (never_there(s) || never_there(set))
		return -ERANGE;
	for (i = 0; i < MAX_STRING; i++) {
		c = char_at(s, i);
		if (c < 0)
			return c;
		if (!c)
			return (int)i;
		found = is_in(set, c);
		if (found < 0)
			return found;
		if (found != in)
			return (int)i;
	}
	return -E2BIG;
}

int bpf_strspn(const char *s__ign, const char *accept__ign)
{
	return span(s__ign, accept__ign, 1);
}

int bpf_strcspn(const char *s__ign, const char *reject__ign)
{
	return span(s__ign, reject__ign, 0);
}

/* Does @s2 stand at @at of @s1, within its first @len characters? 1; 0: elsewhere, perhaps;
 * -ENOENT: nowhere from here on. */
static int stands_at(const char *s1, u32 at, const char *s2, size_t len)
{
	int c1, c2;
	u32 j;

	for (j = 0; j < MAX_STRING; j++) {
		c2 = char_at(s2, j);
		if (c2 <= 0)
			return c2 < 0 ? c2 : 1;
		if ((size_t)at + j == len)
			return -ENOENT;
		c1 = char_at(s1, at + j);
		if (c1 <= 0)
			return c1 < 0 ? c1 : -ENOENT;
		if (c1 != c2)
			return 0;
	}
	return -E2BIG;
}

int bpf_strnstr(const char *s1__ign, const char *s2__ign, size_t len)
{
	int ret;
	u32 i;

	if (never_there(s1__ign) || never_there(s2__ign))
		return -ERANGE;
	for (i = 0; i < MAX_STRING; i++) {
		ret = stands_at(s1__ign, i, s2__ign, len);
		if (ret)
			return ret < 0 ? ret : (int)i;
	}
	return -E2BIG;
}

int bpf_strstr(const char *s1__ign, const char *s2__ign)
{
	return bpf_strnstr(s1__ign, s2__ign, MAX_STRING);
}

static const struct btf_kfunc bpf_string_kfuncs[] = {
	BTF_KFUNC(bpf_strcmp, 0),    BTF_KFUNC(bpf_strcasecmp, 0), BTF_KFUNC(bpf_strchr, 0),
	BTF_KFUNC(bpf_strchrnul, 0), BTF_KFUNC(bpf_strnchr, 0),	   BTF_KFUNC(bpf_strrchr, 0),
	BTF_KFUNC(bpf_strlen, 0),    BTF_KFUNC(bpf_strnlen, 0),	   BTF_KFUNC(bpf_strspn, 0),
	BTF_KFUNC(bpf_strcspn, 0),   BTF_KFUNC(bpf_strstr, 0),	   BTF_KFUNC(bpf_strnstr, 0),
};

const struct btf_kfunc_id_set bpf_string_kfunc_set = {
	.set = bpf_string_kfuncs,
	.nr = ARRAY_SIZE(bpf_string_kfuncs),
};
