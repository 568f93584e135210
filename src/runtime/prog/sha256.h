/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4), for program tags: of bytes that come in pieces. */
#ifndef PROG_SHA256_H
#define PROG_SHA256_H

#include "base/types.h"

#define SHA256_DIGEST_SIZE 32
#define SHA256_BLOCK_SIZE 64

struct sha256_ctx {
	u32 state[8];
	u64 len; /* bytes so far */
	u8 block[SHA256_BLOCK_SIZE];
};

void sha256_init(struct sha256_ctx *ctx);
void sha256_update(struct sha256_ctx *ctx, const void *data, size_t len);
void sha256_final(struct sha256_ctx *ctx, u8 digest[SHA256_DIGEST_SIZE]);

#endif /* PROG_SHA256_H */
