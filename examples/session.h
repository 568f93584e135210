/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the example service keeps for each session, for its BPF programs and for whoever reads. */
#ifndef EXAMPLES_SESSION_H
#define EXAMPLES_SESSION_H

struct session {
	unsigned long long bytes;
	unsigned int requests;
	char user[12];
};

#endif /* EXAMPLES_SESSION_H */
