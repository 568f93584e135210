// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Socket filter: the request line of HTTP, parsed from a copy of the payload's begin: method, path
 * and version, all inline. Requests are counted by method, and for paths below /api/ by the next
 * word of the path.
 */
#include "packet.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define LINE_SIZE 64 /* a power of 2 */
#define WORD_SIZE 16

enum method { METHOD_NONE, METHOD_GET, METHOD_PUT, METHOD_POST, METHOD_HEAD, METHODS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, METHODS);
	__type(key, __u32);
	__type(value, __u64);
} methods SEC(".maps");

struct word {
	char text[WORD_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, struct word);
	__type(value, __u64);
} words SEC(".maps");

struct line {
	char text[LINE_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct line);
} scratch SEC(".maps");

static __always_inline int begins_with(const char *text, const char *word, int len)
{
	for (int i = 0; i < len; i++)
		if (text[i] != word[i])
			return 0;
	return 1;
}

static __always_inline enum method read_method(const char *line, __u32 *len)
{
	*len = 4;
	if (begins_with(line, "GET ", 4))
		return METHOD_GET;
	if (begins_with(line, "PUT ", 4))
		return METHOD_PUT;
	*len = 5;
	if (begins_with(line, "POST ", 5))
		return METHOD_POST;
	if (begins_with(line, "HEAD ", 5))
		return METHOD_HEAD;
	return METHOD_NONE;
}

/* "/api/WORD" and what may follow it. */
static __always_inline void count_word(const struct line *line, __u32 at)
{
	struct word word = {};
	__u64 one = 1, *count;
	char c;

	if (at > LINE_SIZE - WORD_SIZE - 5 || !begins_with(line->text + at, "/api/", 5))
		return;
	at += 5;
	for (__u32 i = 0; i < WORD_SIZE - 1; i++) {
		c = line->text[at + i];
		if (c == '/' || c == '?' || c == ' ' || c == '\0')
			break;
		word.text[i] = c;
	}
	if (!word.text[0])
		return;
	count = bpf_map_lookup_elem(&words, &word);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&words, &word, &one, BPF_NOEXIST);
}

/* Whether the line ends in " HTTP/1.x", as far as it is there. */
static __always_inline int has_version(const struct line *line)
{
	for (__u32 i = 5; i < LINE_SIZE - 10; i++)
		if (line->text[i] == '\r' || line->text[i] == '\n')
			return i >= 9 && begins_with(line->text + i - 9, " HTTP/1.", 8);
	return 0;
}

SEC("socket")
int sock_http(struct __sk_buff *skb)
{
	__u32 zero = 0, at, len, method;
	struct line *line;
	__u8 ihl, doff;
	__u64 *count;

	line = bpf_map_lookup_elem(&scratch, &zero);
	if (!line || bpf_skb_load_bytes(skb, ETH_HLEN, &ihl, 1))
		return 0;
	at = ETH_HLEN + (ihl & 15) * 4;
	if (bpf_skb_load_bytes(skb, at + 12, &doff, 1))
		return 0;
	at += (doff >> 4) * 4;
	if (skb->len <= at)
		return 0;
	len = skb->len - at;
	if (len > LINE_SIZE)
		len = LINE_SIZE;
	__builtin_memset(line, 0, sizeof(*line));
	asm volatile("" : "+r"(len)); /* the compiler knows what the verifier must be shown */
	len = ((len - 1) & (LINE_SIZE - 1)) + 1;
	if (bpf_skb_load_bytes(skb, at, line, len))
		return 0;
	method = read_method(line->text, &len);
	count = bpf_map_lookup_elem(&methods, &method);
	if (count)
		*count += 1;
	if (method == METHOD_NONE || !has_version(line))
		return 0;
	count_word(line, len);
	return skb->len;
}
