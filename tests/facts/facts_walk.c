/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * FACTS.md, "A session": which objects a session of bpf_prog, bpf_map and bpf_link visits, in what
 * order, and what it holds on to. Others may make objects in the kernel while this runs.
 */
#include "facts.h"

static char out[256 * 1024];

static int new_object(const char *target)
{
	int prog, link;

	if (!strcmp(target, "bpf_map"))
		return map_of_numbers(BPF_MAP_TYPE_ARRAY, 1);
	prog = load_trivial_iter("bpf_map");
	if (!strcmp(target, "bpf_prog"))
		return prog;
	link = attach(prog);
	end(prog);
	return link;
}

static const char *const by_id[] = {"bpf_prog", "bpf_map", "bpf_link"};

static bool seen(const struct object_record *r, size_t n, __u32 id)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].id == id)
			return true;
	return false;
}

static void ascending_ids(void **state)
{
	const struct object_record *r = (const void *)out;

	for (size_t t = 0; t < ARRAY_SIZE(by_id); t++) {
		struct code code = object_records(by_id[t]);
		int objects[5], fd;
		ssize_t n;

		for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
			objects[i] = new_object(by_id[t]);
		fd = session(by_id[t], &code, -1);
		n = read_all(fd, out, sizeof(out)) / (ssize_t)sizeof(*r);
		assert_true(n > (ssize_t)ARRAY_SIZE(objects));
		for (ssize_t i = 0; i < n - 1; i++) {
			assert_int_equal(r[i].seq_num, i);
			assert_true(!i || r[i].id > r[i - 1].id);
		}
		assert_int_equal(r[n - 1].id, NONE);
		assert_int_equal(r[n - 1].seq_num, n - 2);
		for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
			assert_true(seen(r, n, id_of(objects[i])));
			end(objects[i]);
		}
		end(fd);
	}
}

/* Read record after record until that of @id; the number read. */
static size_t read_until(int fd, struct object_record *r, __u32 id)
{
	size_t n = 0;

	do {
		assert_int_equal(E->read(fd, &r[n], sizeof(r[n])), sizeof(r[n]));
		assert_true(r[n].id != NONE);
	} while (r[n++].id != id);
	return n;
}

static void objects_that_come_and_go(void **state)
{
	struct object_record *r = (void *)out;

	for (size_t t = 0; t < ARRAY_SIZE(by_id); t++) {
		struct code code = object_records(by_id[t]);
		int object[4], added, fd;
		__u32 id[4];
		size_t n;

		for (size_t i = 0; i < ARRAY_SIZE(object); i++) {
			object[i] = new_object(by_id[t]);
			id[i] = id_of(object[i]);
		}
		fd = session(by_id[t], &code, -1);
		n = read_until(fd, r, id[0]);
		end(object[2]);
		added = new_object(by_id[t]);
		n += (size_t)read_all(fd, r + n, sizeof(out) - n * sizeof(*r)) / sizeof(*r);
		assert_true(seen(r, n, id[0]));
		assert_true(seen(r, n, id[1]));
		assert_false(seen(r, n, id[2]));
		assert_true(seen(r, n, id[3]));
		assert_true(seen(r, n, id_of(added)));
	}
}

static int fd_by_id(int cmd, __u32 id)
{
	union bpf_attr attr = {.map_id = id};

	return own(bpf(cmd, &attr));
}

/* Between reads a session holds no reference to an object that it has shown. */
static void shown_objects_are_let_go(void **state)
{
	struct code code = object_records("bpf_map");
	int map = new_object("bpf_map"), fd = session("bpf_map", &code, -1);
	__u32 id = id_of(map);

	read_until(fd, (void *)out, id);
	end(map);
	assert_int_equal(fd_by_id(BPF_MAP_GET_FD_BY_ID, id), -ENOENT);
}

/* A session of a map's elements holds the map, and so does its link. */
static void a_session_holds_its_map(void **state)
{
	struct code code = element_records();
	int map = map_of_numbers(BPF_MAP_TYPE_HASH, 3);
	int fd = session("bpf_map_elem", &code, map);
	__u32 id = id_of(map);

	end(map);
	assert_int_equal(read_all(fd, out, sizeof(out)), 4 * sizeof(struct element_record));
	map = fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
	assert_true(map >= 0);
	end(map);
	end(fd);
	if (E->is_private)
		assert_int_equal(fd_by_id(BPF_MAP_GET_FD_BY_ID, id), -ENOENT);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ascending_ids),
	cmocka_unit_test(objects_that_come_and_go),
	cmocka_unit_test(shown_objects_are_let_go),
	cmocka_unit_test(a_session_holds_its_map),
};
const struct section walk_section = {"walk", tests, ARRAY_SIZE(tests)};
