/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* bpftrek version. */
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <bpftrek/runtime.h>

#include "commands.h"

int print_version(void)
{
	const char *libbpf = libbpf_version_string() + strlen("v");

	if (options.json || options.jsonl)
		return print_json(
			json_pack("{s:s, s:s}", "bpftrek", trek_version(), "libbpf", libbpf));
	printf("bpftrek %s, libbpf %s\n", trek_version(), libbpf);
	return finish_output();
}

static int version(const struct arguments *arguments)
{
	return print_version();
}

const struct command version_command = {
	.name = "version",
	.summary = "print the versions of bpftrek and of the libbpf that it loads programs with",
	.text = "Print the versions of bpftrek and of the libbpf that it loads programs with.",
	.examples = (const struct example[]){{"bpftrek --json version", "both, as JSON"}, {0}},
	.json = true,
	.without_engine = true,
	.run = version,
};
