/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek btf dump: the engine's types, as C to compile programs against, or as they are.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "commands.h"
#include "engine.h"

static void print(void *ctx, const char *format, va_list args)
{
	vprintf(format, args);
}

/* As bpftool writes it: clang is to relocate every access to these types. */
static int dump_c(const struct btf *btf)
{
	static const char head[] = "#ifndef __VMLINUX_H__\n"
				   "#define __VMLINUX_H__\n\n"
				   "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
				   "#pragma clang attribute push "
				   "(__attribute__((preserve_access_index)), apply_to = record)\n"
				   "#endif\n\n";
	static const char foot[] = "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
				   "#pragma clang attribute pop\n"
				   "#endif\n\n"
				   "#endif /* __VMLINUX_H__ */\n";
	struct btf_dump *dump = btf_dump__new(btf, print, NULL, NULL);
	int err = dump ? 0 : -errno;

	fputs(head, stdout);
	for (__u32 id = 1; !err && id < btf__type_cnt(btf); id++)
		err = btf_dump__dump_type(dump, id);
	btf_dump__free(dump);
	if (err)
		return fail("%s engine: its types cannot be written as C: %s; try --format raw",
			    engine_name(), strerror(-err));
	fputs(foot, stdout);
	return 0;
}

static int dump_raw(const struct btf *btf)
{
	const void *bytes;
	__u32 size;

	bytes = btf__raw_data(btf, &size);
	if (!bytes)
		return fail("%s engine: its types: out of memory; free some and run it again",
			    engine_name());
	fwrite(bytes, 1, size, stdout);
	return 0;
}

static const struct {
	const char *name;
	int (*dump)(const struct btf *btf);
} formats[] = {{"c", dump_c}, {"raw", dump_raw}};

static int dump(const char *format)
{
	struct btf *btf;
	int status = 0;

	btf = btf__load_vmlinux_btf();
	if (!btf)
		return fail("%s engine: its types cannot be read: %s; use --on embedded",
			    engine_name(), strerror(errno));
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(format, formats[i].name))
			status = formats[i].dump(btf);
	btf__free(btf);
	return status ? status : finish_output();
}

static int btf_dump(const struct arguments *arguments)
{
	const char *format = option_text(arguments, "format") ?: "c";
	int status = engine_start();

	if (status)
		return status;
	status = dump(format);
	engine_stop();
	return status;
}

static const char *const format_names[] = {"c", "raw", NULL};

static const struct command_option btf_dump_options[] = {
	{
		.name = "format",
		.argument = "c|raw",
		.value = {VALUE_WORD, format_names},
		.help = "c: a vmlinux.h to compile programs against (the default); raw: BTF, as "
			"/sys/kernel/btf/vmlinux has it",
	},
	{0},
};

static const struct example examples[] = {
	{"bpftrek --on embedded btf dump > vmlinux.h", "types to compile programs against"},
	{"bpftrek btf dump --format raw > vmlinux.btf", "the same, as BTF"},
	{0},
};

const struct command btf_dump_command = {
	.name = "dump",
	.summary = "write the engine's types, to compile programs against",
	.text = "Write the types of the engine to standard output.",
	.options = btf_dump_options,
	.examples = examples,
	.run = btf_dump,
};
