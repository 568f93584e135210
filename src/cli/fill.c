/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * --fill: rows of a file into a map. A row is a line {"key": ..., "value": ...}; empty lines are
 * skipped. A row of a map whose CPUs have values of their own may say "values": [{"cpu": 0,
 * "value": ...}, ...] instead (other CPUs' are zero; "value" is every CPU's), one of a queue or
 * stack has no key: what `map dump` writes. Rows are kept as the bytes that the map will get, so a
 * million of them is no trouble.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "cli.h"
#include "fill.h"
#include "value.h"

struct rows {
	size_t key_size, value_size; /* as bpf(2) takes them */
	size_t count, room;
	unsigned char *bytes; /* key and value of each */
	unsigned int *lines;
};

static size_t row_size(const struct rows *rows)
{
	return rows->key_size + rows->value_size;
}

static void free_rows(struct rows *rows)
{
	free(rows->bytes);
	free(rows->lines);
}

static bool grow(struct rows *rows)
{
	size_t room = rows->room ? 2 * rows->room : 64;
	unsigned char *bytes;
	unsigned int *lines;

	bytes = reallocarray(rows->bytes, room, row_size(rows));
	if (bytes)
		rows->bytes = bytes;
	lines = reallocarray(rows->lines, room, sizeof(*lines));
	if (lines)
		rows->lines = lines;
	if (bytes && lines)
		rows->room = room;
	return bytes && lines;
}

static bool is_per_cpu(const struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		return true;
	default:
		return false;
	}
}

/* One side of a row, "key" or "value". */
static int put_side(const struct btf *btf, const json_t *row, const char *side, __u32 type,
		    unsigned char *out, size_t size, const char *file, unsigned int line)
{
	const json_t *json = json_object_get(row, side);
	struct value_error error;

	if (!json)
		return fail("%s:%u: no \"%s\"; a row is {\"key\": ..., \"value\": ...}", file, line,
			    side);
	if (value_from_json(btf, type, json, out, size, &error))
		return fail("%s:%u: %s%s: %s; mend the row", file, line, side, error.where,
			    error.why);
	return 0;
}

/* "values": those of some CPUs. */
static int put_values(const struct btf *btf, const json_t *values, __u32 type,
		      const struct rows *rows, unsigned char *out, size_t value_size,
		      const char *file, unsigned int line)
{
	const size_t stride = (value_size + 7) / 8 * 8, cpus = rows->value_size / stride;
	const json_t *value, *cpu;
	int status = 0;
	size_t i;

	memset(out, 0, rows->value_size);
	if (!json_is_array(values))
		return fail("%s:%u: values: no list; write [{\"cpu\": 0, \"value\": ...}, ...]",
			    file, line);
	json_array_foreach (values, i, value) {
		cpu = json_object_get(value, "cpu");
		if (!json_is_integer(cpu) || json_object_size(value) != 2)
			return fail(
				"%s:%u: values[%zu]: not a CPU's; write {\"cpu\": 0, \"value\": "
				"...}",
				file, line, i);
		if (json_integer_value(cpu) < 0 || json_integer_value(cpu) >= (json_int_t)cpus)
			return fail(
				"%s:%u: values[%zu]: there is no CPU %lld; name one of 0 to %zu",
				file, line, i, (long long)json_integer_value(cpu), cpus - 1);
		status = put_side(btf, value, "value", type, out + json_integer_value(cpu) * stride,
				  value_size, file, line);
		if (status)
			return status;
	}
	return 0;
}

static int add_row(struct rows *rows, const struct bpf_object *obj, const struct bpf_map *map,
		   const json_t *row, const char *file, unsigned int line)
{
	const struct btf *btf = bpf_object__btf(obj);
	size_t value_size = bpf_map__value_size(map), stride = (value_size + 7) / 8 * 8;
	const __u32 value_type = bpf_map__btf_value_type_id(map);
	unsigned char *key, *value;
	const json_t *values;
	int status = 0;

	if (rows->count == rows->room && !grow(rows))
		return fail("%s:%u: out of memory; fill with fewer rows", file, line);
	key = rows->bytes + rows->count * row_size(rows);
	value = key + rows->key_size;
	if (!json_is_object(row) || json_object_size(row) > 1 + !!rows->key_size)
		return fail("%s:%u: not a row; write {%s\"value\": ...}", file, line,
			    rows->key_size ? "\"key\": ..., " : "");
	if (rows->key_size)
		status = put_side(btf, row, "key", bpf_map__btf_key_type_id(map), key,
				  rows->key_size, file, line);
	if (status)
		return status;
	values = is_per_cpu(map) ? json_object_get(row, "values") : NULL;
	if (values)
		status = put_values(btf, values, value_type, rows, value, value_size, file, line);
	else
		status = put_side(btf, row, "value", value_type, value, value_size, file, line);
	if (status)
		return status;
	for (size_t at = stride; !values && is_per_cpu(map) && at < rows->value_size; at += stride)
		memcpy(value + at, value, value_size);
	rows->lines[rows->count++] = line;
	return 0;
}

static int read_rows(struct rows *rows, FILE *stream, const struct bpf_object *obj,
		     const struct bpf_map *map, const char *file)
{
	struct value_error error;
	char *text = NULL;
	size_t room = 0;
	unsigned int line = 0;
	int status = 0;
	json_t *row;
	ssize_t len;

	while (!status && (len = getline(&text, &room, stream)) >= 0) {
		line++;
		if (!text[strspn(text, " \t\r\n")])
			continue;
		if (strlen(text) != (size_t)len) {
			status = fail("%s:%u: a NUL byte; a row is a line of JSON", file, line);
			break;
		}
		row = value_parse(text, &error);
		if (!row)
			status = fail("%s:%u: %s; a row is {\"key\": ..., \"value\": ...}", file,
				      line, error.why);
		else
			status = add_row(rows, obj, map, row, file, line);
		json_decref(row);
	}
	/* No end of the file: it cannot be read, or the line does not fit the memory. */
	if (!status && !feof(stream))
		status = fail("%s: %s; give a file of rows", file, strerror(errno));
	free(text);
	return status;
}

static int put_row(const struct bpf_map *map, const unsigned char *key, const unsigned char *value,
		   const struct rows *rows, const char *file, unsigned int line)
{
	int err;

	err = bpf_map__update_elem(map, rows->key_size ? key : NULL, rows->key_size, value,
				   rows->value_size, 0);
	switch (err) {
	case 0:
		return 0;
	case -E2BIG:
		return fail("%s:%u: map %s has no room for it; its max_entries is %u", file, line,
			    bpf_map__name(map), bpf_map__max_entries(map));
	case -EPERM:
		return fail(
			"%s:%u: map %s cannot be written (frozen, or read-only); leave out --fill",
			file, line, bpf_map__name(map));
	default:
		return fail("%s:%u: map %s does not take it: %s; mend the row", file, line,
			    bpf_map__name(map), strerror(-err));
	}
}

int fill_map(const struct bpf_object *obj, const struct bpf_map *map, const char *file)
{
	struct rows rows = {
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
	};
	bool is_stdin = !strcmp(file, "-");
	const unsigned char *row;
	FILE *stream;
	int status;

	if (is_per_cpu(map))
		rows.value_size = (rows.value_size + 7) / 8 * 8 * libbpf_num_possible_cpus();
	stream = is_stdin ? stdin : fopen(file, "r");
	if (!stream)
		return fail("%s: %s; give --fill a file of rows", file, strerror(errno));
	status = read_rows(&rows, stream, obj, map, file);
	for (size_t i = 0; !status && i < rows.count; i++) {
		row = rows.bytes + i * row_size(&rows);
		status = put_row(map, row, row + rows.key_size, &rows, file, rows.lines[i]);
	}
	if (!is_stdin)
		fclose(stream);
	free_rows(&rows);
	return status;
}
