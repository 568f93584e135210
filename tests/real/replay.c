/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * Runs programs of an object as a script on standard input says, by BPF_PROG_TEST_RUN, and prints
 * all that comes of it. A program of libbpf's users, which knows nothing of bpftrek: natively it
 * runs on the kernel, below `bpftrek exec` on the embedded engine.
 *
 *     replay OBJECT
 *     put MAP KEY VALUE     an element, bytes in hexadecimal
 *     packet PROGRAM DATA   -> "PROGRAM ERRNO RETVAL DATA"
 *     context PROGRAM DATA  the same for a program of type syscall
 *     show                  -> "MAP KEY VALUE" for each element, the CPUs' values added by word
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define MAX_DATA 4096
#define MAX_VALUE 4096

static struct bpf_object *object;

static int die(const char *what, const char *name)
{
	fprintf(stderr, "replay: %s: %s: %s\n", what, name, strerror(errno));
	exit(1);
}

static size_t read_hex(const char *text, unsigned char *bytes, size_t size)
{
	size_t n = 0;

	for (; text && n < size && sscanf(text, "%2hhx", &bytes[n]) == 1; text += 2)
		n++;
	return n;
}

static void print_hex(const unsigned char *bytes, size_t size)
{
	putchar(' ');
	for (size_t i = 0; i < size; i++)
		printf("%02x", bytes[i]);
}

static void put(const char *name, const char *key, const char *value)
{
	unsigned char key_bytes[MAX_VALUE] = {0}, value_bytes[MAX_VALUE] = {0};
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		die("no such map", name);
	read_hex(key, key_bytes, sizeof(key_bytes));
	read_hex(value, value_bytes, sizeof(value_bytes));
	if (bpf_map_update_elem(bpf_map__fd(map), key_bytes, value_bytes, BPF_ANY))
		die("put", name);
}

static void run(const char *name, const char *data, int is_packet)
{
	unsigned char in[MAX_DATA] = {0}, out[MAX_DATA] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct bpf_program *prog = bpf_object__find_program_by_name(object, name);
	size_t size = read_hex(data, in, sizeof(in));
	int err;

	if (!prog)
		die("no such program", name);
	if (is_packet) {
		opts.data_in = in;
		opts.data_size_in = size;
		opts.data_out = out;
		opts.data_size_out = sizeof(out);
	} else if (size) {
		opts.ctx_in = in;
		opts.ctx_size_in = size;
	}
	err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
	printf("%s %d %u", name, err, opts.retval);
	print_hex(out, err ? 0 : opts.data_size_out);
	putchar('\n');
}

static int is_percpu(const struct bpf_map *map)
{
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return 1;
	default:
		return 0;
	}
}

static void show_element(const struct bpf_map *map, const unsigned char *key)
{
	size_t size = bpf_map__value_size(map), words = (size + 7) / 8;
	int cpus = is_percpu(map) ? libbpf_num_possible_cpus() : 1;
	uint64_t *values = calloc(cpus, words * 8);

	if (!values || bpf_map_lookup_elem(bpf_map__fd(map), key, values))
		die("show", bpf_map__name(map));
	for (int cpu = 1; cpu < cpus; cpu++)
		for (size_t i = 0; i < words; i++)
			values[i] += values[cpu * words + i];
	printf("%s", bpf_map__name(map));
	print_hex(key, bpf_map__key_size(map));
	print_hex((unsigned char *)values, size);
	putchar('\n');
	free(values);
}

static void show(void)
{
	unsigned char key[MAX_VALUE], next[MAX_VALUE];
	struct bpf_map *map;
	void *before;

	bpf_object__for_each_map(map, object)
	{
		switch (bpf_map__type(map)) {
		case BPF_MAP_TYPE_RINGBUF:
		case BPF_MAP_TYPE_PROG_ARRAY:
		case BPF_MAP_TYPE_ARRAY_OF_MAPS:
		case BPF_MAP_TYPE_HASH_OF_MAPS:
		case BPF_MAP_TYPE_BLOOM_FILTER:
			continue;
		default:
			before = NULL;
		}
		while (!bpf_map_get_next_key(bpf_map__fd(map), before, next)) {
			show_element(map, next);
			memcpy(key, next, sizeof(key));
			before = key;
		}
	}
}

int main(int argc, char **argv)
{
	static char line[4 * MAX_DATA];
	char *command, *name, *first, *second;

	if (argc != 2)
		return 2;
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object))
		die("load", argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		command = strtok(line, " \n");
		name = strtok(NULL, " \n");
		first = strtok(NULL, " \n");
		second = strtok(NULL, " \n");
		if (command && !strcmp(command, "show"))
			show();
		else if (command && name && second && !strcmp(command, "put"))
			put(name, first, second);
		else if (command && name)
			run(name, first, !strcmp(command, "packet"));
	}
	bpf_object__close(object);
	return 0;
}
