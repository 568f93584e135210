/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * The instruction cases of the public conformance suite, where they are present: ISA_CASES names a
 * file of one JSON object a line, {name, insns, mem, result}. r1 is the memory and r2 its length.
 * Cases that call helpers, whose numbers are the suite's own, do not apply, nor do calls by
 * register.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "execute.h"
#include "insn.h"
#include "prog/prog.h"
#include "test.h"

/* The bytes that @hex spells, in memory of exactly that size, for the sanitizer to guard. */
static void *from_hex(const char *hex, size_t *len)
{
	u8 *bytes;

	*len = strlen(hex) / 2;
	bytes = malloc(*len);
	assert_true(bytes || !*len);
	for (size_t i = 0; i < *len; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = byte;
	}
	return bytes;
}

/* Why the program cannot be run here; NULL: it can. */
static const char *why_not(const struct bpf_insn *insns, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
		else if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg)
			return "it calls a helper of its suite";
		else if (insns[i].code == (BPF_JMP | BPF_CALL | BPF_X))
			return "RFC 9669 and Linux have no call by register";
	}
	return NULL;
}

/* False: the case does not apply. */
static bool run_case(const json_t *c)
{
	size_t insns_len, mem_len;
	struct bpf_insn *insns =
		from_hex(json_string_value(json_object_get(c, "insns")), &insns_len);
	void *mem = from_hex(json_string_value(json_object_get(c, "mem")), &mem_len);
	const char *name = json_string_value(json_object_get(c, "name"));
	u64 want = strtoull(json_string_value(json_object_get(c, "result")), NULL, 0), got;
	const char *reason = why_not(insns, insns_len / sizeof(*insns));

	if (!reason) {
		got = execute(insns, insns_len / sizeof(*insns), mem_len ? (uintptr_t)mem : 0,
			      mem_len);
		if (got != want)
			fail_msg("%s: %#llx, not %#llx", name, got, want);
	} else {
		print_message("# skipped, because %s: %s\n", reason, name);
	}
	free(mem);
	free(insns);
	return !reason;
}

static void test_shared_cases(void **state)
{
	FILE *file = fopen(ISA_CASES, "r");
	size_t passed = 0, skipped = 0;
	json_t *c;

	if (!file)
		skip_because(
			"the instruction cases of the conformance suite are not beside the source");
	while ((c = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL))) {
		if (run_case(c))
			passed++;
		else
			skipped++;
		json_decref(c);
	}
	assert_true(feof(file));
	fclose(file);
	print_message("# %zu cases passed, %zu skipped\n", passed, skipped);
	assert_true(passed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shared_cases)};

	return cmocka_run_group_tests_name("isa", tests, NULL, NULL);
}
