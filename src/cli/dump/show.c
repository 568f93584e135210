/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Running a plan: one value, or those of all CPUs, as text.
 *
 * A number is loaded, not looked up: about 5 ns for each with the text in front of it. Sums over
 * CPUs are made here, scalar by scalar, in 128 bits: the sum of two u32 may be more than a u32.
 */
#include <stdio.h>
#include <stdlib.h>

#include "interrupt.h"
#include "steps.h"

#define PIECE (64u << 10) /* bytes that are shown between two looks for a signal */

struct show {
	const struct plan *plan;
	const struct source *source;
	struct text *text;
};

/* --- Loading ---------------------------------------------------------------------------------- */

static inline __u64 extend(__u64 value, unsigned int bits, bool is_signed)
{
	const unsigned int above = 64 - bits;

	return is_signed ? (__u64)((__s64)(value << above) >> above) : value << above >> above;
}

/* As the compilers of the machine count them: from the low end, or the high one. */
static __u64 load_bits(const struct step *step, const unsigned char *at)
{
	unsigned __int128 all = 0;
	const unsigned int bytes = (step->shift + step->bits + 7) / 8;

	for (unsigned int i = 0; i < bytes; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		all |= (unsigned __int128)at[i] << 8 * i;
#else
		all = all << 8 | at[i];
#endif
	}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	all >>= step->shift;
#else
	all >>= 8 * bytes - step->shift - step->bits;
#endif
	return extend(all, step->bits, step->is_signed);
}

static inline __u64 load(const struct step *step, const unsigned char *at)
{
	__u16 u16;
	__u32 u32;
	__u64 u64;

	if (step->bits)
		return load_bits(step, at);
	switch (step->size) {
	case 1:
		return step->is_signed ? (__u64)(__s8)*at : *at;
	case 2:
		memcpy(&u16, at, sizeof(u16));
		return step->is_signed ? (__u64)(__s16)u16 : u16;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		return step->is_signed ? (__u64)(__s32)u32 : u32;
	default:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	}
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	return !size || (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1));
}

/* Of what cannot be added up: the first CPU's that is not zero. */
static const unsigned char *first_set(const struct show *show, size_t offset, size_t size)
{
	const struct source *source = show->source;
	const unsigned char *at = source->bytes + offset;

	for (unsigned int cpu = 0; source->count > 1 && cpu < source->count; cpu++)
		if (!is_zero(at + cpu * source->stride, size))
			return at + cpu * source->stride;
	return at;
}

static __u64 load_first_set(const struct show *show, const struct step *step, size_t offset)
{
	const struct source *source = show->source;
	const unsigned char *at = source->bytes + offset;
	__u64 value = load(step, at);

	for (unsigned int cpu = 1; cpu < source->count && !value; cpu++)
		value = load(step, at + cpu * source->stride);
	return value;
}

/* --- Scalars ---------------------------------------------------------------------------------- */

static __int128 aggregate(const struct show *show, const struct step *step, size_t offset)
{
	const struct source *source = show->source;
	__int128 result = 0, value;

	for (unsigned int cpu = 0; cpu < source->count; cpu++) {
		const __u64 loaded = load(step, source->bytes + offset + cpu * source->stride);

		value = step->is_signed ? (__int128)(__s64)loaded : (__int128)loaded;
		if (!source->max)
			result += value;
		else if (!cpu || value > result)
			result = value;
	}
	return result;
}

static void show_number(const struct show *show, const struct step *step, size_t offset)
{
	struct text *text = show->text;
	__u64 value;

	if (show->source->count > 1) {
		text->at = put_i128(text->at, aggregate(show, step, offset), true);
		return;
	}
	value = load(step, show->source->bytes + offset);
	text->at = step->is_signed ? put_i64(text->at, value) : put_u64(text->at, value);
}

/* A byte that is neither is shown as what it is: --fill is to write it again. */
static void show_bool(const struct show *show, const struct step *step, size_t offset)
{
	const __u64 value = load_first_set(show, step, offset);

	if (value > 1 && !step->bits && !show->plan->plain) {
		text_add(show->text, "\"", 1);
		text_bytes(show->text, first_set(show, offset, step->size), step->size, 0);
		text_add(show->text, "\"", 1);
	} else if (value > 1) {
		show->text->at = put_u64(show->text->at, value);
	} else {
		text_add(show->text, value ? "true" : "false", value ? 4 : 5);
	}
}

static void show_enum(const struct show *show, const struct step *step, size_t offset)
{
	const struct enum_name *names = show->plan->names + step->names;
	const __u64 value = load_first_set(show, step, offset);
	size_t low = 0, high = step->count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (names[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < step->count && names[low].value == value)
		text_add(show->text, show->plan->literals + names[low].at, names[low].length);
	else if (step->is_signed)
		show->text->at = put_i64(show->text->at, value);
	else
		show->text->at = put_u64(show->text->at, value);
}

static void show_pointer(const struct show *show, const struct step *step, size_t offset)
{
	const __u64 value = load_first_set(show, step, offset);

	show->text->at =
		show->plan->plain ? put_hex(show->text->at, value) : put_u64(show->text->at, value);
}

static size_t piece(size_t from, size_t size)
{
	return size - from < PIECE ? size - from : PIECE;
}

/* "01 02 03" */
static void show_octets(const struct show *show, const unsigned char *at, size_t size)
{
	for (size_t from = 0; from < size && !is_interrupted(); from += PIECE) {
		if (from)
			text_char(show->text, ' ');
		text_bytes(show->text, at + from, piece(from, size), ' ');
	}
}

static void show_bytes(const struct show *show, const struct step *step, size_t offset)
{
	const unsigned char *at = first_set(show, offset, step->size);

	if (show->plan->plain) {
		show_octets(show, at, step->size);
		return;
	}
	text_add(show->text, "\"0x", 3);
	for (size_t from = 0; from < step->size && !is_interrupted(); from += PIECE)
		text_hex(show->text, at + from, piece(from, step->size));
	text_add(show->text, "\"", 1);
}

static void show_int128(const struct show *show, const struct step *step, size_t offset)
{
	const struct source *source = show->source;
	__int128 result = 0, value;
	bool more;

	for (unsigned int cpu = 0; cpu < source->count; cpu++) {
		memcpy(&value, source->bytes + offset + cpu * source->stride, sizeof(value));
		more = step->is_signed ? value > result
				       : (unsigned __int128)value > (unsigned __int128)result;
		if (!source->max)
			result = (unsigned __int128)result + value;
		else if (!cpu || more)
			result = value;
	}
	if (show->plan->plain || (step->is_signed ? result == (__s64)result
						  : (unsigned __int128)result == (__u64)result)) {
		show->text->at = put_i128(show->text->at, result, step->is_signed);
		return;
	}
	text_add(show->text, "\"", 1);
	text_bytes(show->text, (unsigned char *)&result, sizeof(result), 0);
	text_add(show->text, "\"", 1);
}

static double load_float(const struct step *step, const unsigned char *at)
{
	double d;
	float f;

	if (step->size == sizeof(f)) {
		memcpy(&f, at, sizeof(f));
		return f;
	}
	memcpy(&d, at, sizeof(d));
	return d;
}

/* The fewest digits that give the same number when they are read. */
static int print_float(char *at, const struct step *step, double value)
{
	static const int digits[] = {6, 9, 15, 17};
	int length = 0;

	for (int i = 0; i < 4; i++) {
		length = snprintf(at, TEXT_SPARE, "%.*g", digits[i], value);
		if (step->size == sizeof(float) ? strtof(at, NULL) == (float)value
						: strtod(at, NULL) == value)
			break;
	}
	return length;
}

/* The bytes of a float that is infinite, or none; which of those that are none is kept. */
static void show_no_number(const struct show *show, const struct step *step, size_t offset,
			   double result)
{
	const unsigned char *at = show->source->bytes + offset;
	const float f = result;

	if (show->source->count > 1)
		at = step->size == sizeof(f) ? (const void *)&f : (const void *)&result;
	text_add(show->text, "\"", 1);
	text_bytes(show->text, at, step->size, 0);
	text_add(show->text, "\"", 1);
}

static void show_float(const struct show *show, const struct step *step, size_t offset)
{
	const struct source *source = show->source;
	double result = 0, value;

	for (unsigned int cpu = 0; cpu < source->count; cpu++) {
		value = load_float(step, source->bytes + offset + cpu * source->stride);
		if (source->count == 1)
			result = value; /* -0 is 0 when it is added to 0 */
		else if (!source->max)
			result += value;
		else if (!cpu || value > result)
			result = value;
	}
	if (__builtin_isfinite(result) || show->plan->plain)
		show->text->at += print_float(show->text->at, step, result);
	else
		show_no_number(show, step, offset, result);
	/* "-0" would be read as the integer. */
	if (!result && __builtin_signbit(result) && !show->plan->plain)
		text_add(show->text, ".0", 2);
}

/* --- What holds others ------------------------------------------------------------------------ */

/* How long the string is, or -1: it is none. */
static ssize_t text_up_to_nul(const unsigned char *bytes, size_t size)
{
	size_t length, i, look = PIECE;

	for (i = 0; i < size && bytes[i]; i += length) {
		length = text_character(bytes + i, size - i);
		if (!length)
			return -1;
		if (i < look)
			continue;
		if (is_interrupted())
			return -1;
		look += PIECE;
	}
	return i;
}

static void show_string(const struct show *show, const char *at, size_t length)
{
	size_t from, end;

	for (from = 0; from < length && !is_interrupted(); from = end) {
		end = from + piece(from, length);
		while (end < length && (at[end] & 0xc0) == 0x80) /* within a character */
			end--;
		if (show->plan->quoted)
			text_quoted_string(show->text, at + from, end - from);
		else if (show->plan->plain)
			text_plain_string(show->text, at + from, end - from);
		else
			text_json_part(show->text, at + from, end - from);
	}
}

static void show_list(const struct show *show, const struct step *step, const unsigned char *at)
{
	struct text *text = show->text;

	for (__u32 i = 0; i < step->count; i++) {
		if (!(i % PIECE) &&
		    (is_interrupted() || !text_room(text, 5 * piece(i, step->count) + 1)))
			return;
		*text->at++ = i ? ',' : '[';
		text->at = put_i64(text->at, step->is_signed ? (__s8)at[i] : at[i]);
	}
	text_char(text, ']');
}

static void show_text(const struct show *show, const struct step *step, size_t offset)
{
	const unsigned char *at = first_set(show, offset, step->count);
	ssize_t length = text_up_to_nul(at, step->count);

	if (show->plan->whole && length >= 0 && !is_zero(at + length, step->count - length))
		length = -1;

	if (length < 0 && show->plan->plain) {
		show_octets(show, at, step->count);
	} else if (length < 0) {
		show_list(show, step, at);
	} else {
		if (!show->plan->plain)
			text_char(show->text, '"');
		show_string(show, (const char *)at, length);
		if (!show->plan->plain)
			text_char(show->text, '"');
	}
}

static void run(const struct show *show, size_t from, size_t to, size_t base)
{
	const struct plan *plan = show->plan;
	const struct step *step;
	struct text *text = show->text;

	for (size_t i = from; i < to; i++) {
		step = &plan->steps[i];
		if (!text_room(text, step->lead_length + TEXT_SPARE))
			return;
		memcpy(text->at, plan->literals + step->lead, step->lead_length);
		text->at += step->lead_length;
		switch (step->op) {
		case STEP_NUMBER:
			show_number(show, step, base + step->offset);
			break;
		case STEP_BOOL:
			show_bool(show, step, base + step->offset);
			break;
		case STEP_ENUM:
			show_enum(show, step, base + step->offset);
			break;
		case STEP_POINTER:
			show_pointer(show, step, base + step->offset);
			break;
		case STEP_INT128:
			show_int128(show, step, base + step->offset);
			break;
		case STEP_FLOAT:
			show_float(show, step, base + step->offset);
			break;
		case STEP_TEXT:
			show_text(show, step, base + step->offset);
			break;
		case STEP_BYTES:
			show_bytes(show, step, base + step->offset);
			break;
		case STEP_ARRAY:
			for (__u32 n = 0; n < step->count && !is_interrupted(); n++) {
				if (n)
					text_add(text, plan->literals + step->comma,
						 step->comma_length);
				run(show, i + 1, step->next, base + (size_t)n * step->size);
			}
			i = step->next - 1;
			break;
		case STEP_LITERAL:
			break;
		}
	}
}

void plan_run(const struct plan *plan, struct text *text, const struct source *source)
{
	const struct show show = {.plan = plan, .source = source, .text = text};

	run(&show, 0, plan->count, 0);
}
