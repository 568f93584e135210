/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* SipHash-2-4 (Aumasson and Bernstein, 2012) of one u64, with a key of the process. */
#include "prog/ptr_hash.h"

#include <pthread.h>
#include <sys/random.h>

static u64 key[2];
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void key_init(void)
{
	/* Where there is no randomness yet, the addresses of this process are all there is. */
	if (getrandom(key, sizeof(key), GRND_NONBLOCK) != sizeof(key)) {
		key[0] = (u64)(unsigned long)&key;
		key[1] = (u64)(unsigned long)__builtin_frame_address(0);
	}
}

static u64 rol(u64 x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[1] = rol(v[1], 13) ^ v[0];
	v[0] = rol(v[0], 32);
	v[2] += v[3];
	v[3] = rol(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rol(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rol(v[1], 17) ^ v[2];
	v[2] = rol(v[2], 32);
}

static u64 siphash(u64 word)
{
	const u64 length = 8ull << 56;
	const u64 words[2] = {word, length};
	u64 v[4] = {
		key[0] ^ 0x736f6d6570736575,
		key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261,
		key[1] ^ 0x7465646279746573,
	};

	for (int i = 0; i < 2; i++) {
		v[3] ^= words[i];
		sip_round(v);
		sip_round(v);
		v[0] ^= words[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

u64 ptr_hash(u64 ptr)
{
	if (IS_ERR_OR_NULL((const void *)(unsigned long)ptr))
		return ptr;
	pthread_once(&key_once, key_init);
	return (u32)siphash(ptr);
}
