/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * bpftrek btf dump: the engine's types, as C to compile programs against, or as they are.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "cli.h"
#include "engine.h"

enum { OPTION_FORMAT = OPTION_OWN };

static const struct option dump_options[] = {
	{"format", required_argument, NULL, OPTION_FORMAT},
	{0},
};

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

static int btf(int argc, char **argv)
{
	const char *format = "c";
	int option, status;

	while ((option = next_option(&btf_command, argc, argv, dump_options, &status)) !=
	       END_OF_OPTIONS) {
		if (option == OPTION_FAILED)
			return status;
		format = optarg;
	}
	if (strcmp(format, "c") && strcmp(format, "raw"))
		return usage_error("btf", "unknown format '%s', it is c or raw", format);
	if (optind == argc || strcmp(argv[optind], "dump"))
		return usage_error("btf", "what to do is missing: dump");
	if (optind + 1 < argc)
		return usage_error("btf", "unexpected '%s'", argv[optind + 1]);
	status = engine_start();
	if (status)
		return status;
	status = dump(format);
	engine_stop();
	return status;
}

const struct command btf_command = {
	.name = "btf",
	.summary = "dump the engine's types, to compile programs against",
	.help = "Usage: bpftrek btf dump [--format c|raw]\n\n"
		"Write the types of the engine to standard output.\n\n"
		"  --format c    a vmlinux.h to compile programs against (the default)\n"
		"  --format raw  BTF, as /sys/kernel/btf/vmlinux has it\n\n"
		"Example:\n"
		"  bpftrek --on embedded btf dump > vmlinux.h\n",
	.run = btf,
};
