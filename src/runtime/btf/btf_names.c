/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Which names types may have. Linux classifies characters as in Latin-1, whatever the locale, so
 * that a letter may be one above 0xbf; what it takes has to be taken here.
 */
#include <string.h>

#include "btf/parse.h"

static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

static bool is_print(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c >= 0xa0;
}

static bool identifier_char(unsigned char c, bool first)
{
	return is_letter(c) || c == '_' || c == '.' || (!first && c >= '0' && c <= '9');
}

bool btf_name_offset_valid(const struct btf *btf, u32 offset)
{
	return offset <= BTF_MAX_NAME_OFFSET && btf_name_by_offset(btf, offset);
}

bool btf_name_valid_identifier(const struct btf *btf, u32 offset)
{
	const char *name = btf_name_by_offset(btf, offset);
	size_t i;

	if (!identifier_char(name[0], true))
		return false;
	for (i = 1; name[i]; i++)
		if (i >= BTF_NAME_MAX || !identifier_char(name[i], false))
			return false;
	return true;
}

static bool valid_section(const struct btf *btf, u32 offset)
{
	const char *name = btf_name_by_offset(btf, offset);
	size_t i;

	for (i = 0; name[i]; i++)
		if (i >= BTF_NAME_MAX || !is_print(name[i]))
			return false;
	return i > 0;
}

bool btf_name_allowed(const struct btf *btf, u32 offset, enum btf_name_rule rule)
{
	switch (rule) {
	case NAME_ANY:
		return true;
	case NAME_NONE:
		return offset == 0;
	case NAME_IDENTIFIER:
		return offset && btf_name_valid_identifier(btf, offset);
	case NAME_IDENTIFIER_OR_NONE:
		return !offset || btf_name_valid_identifier(btf, offset);
	case NAME_SECTION:
		return offset && valid_section(btf, offset);
	case NAME_NOT_EMPTY:
		return *btf_name_by_offset(btf, offset);
	}
	return false;
}
