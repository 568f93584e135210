/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The packets that programs get. */
#include <string.h>

#include "run.h"

struct packet packets[NR_PACKETS];

static void put16(unsigned char *p, unsigned int v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

static unsigned char *ethernet(unsigned char *p, unsigned int protocol)
{
	memcpy(p, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	put16(p + 12, protocol);
	return p + 14;
}

static void counting(struct packet *packet, const char *name, size_t size)
{
	packet->name = name;
	packet->size = size;
	for (size_t i = 0; i < size; i++)
		packet->data[i] = (unsigned char)i;
}

/* An IPv4 header of 20 bytes and what begins a TCP one. */
static void tcp4(struct packet *packet, unsigned char *ip)
{
	memcpy(ip,
	       "\x45\x00\x00\x3c\x12\x34\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02",
	       20);
	memcpy(ip + 20, "\x30\x39\x01\xbb\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\x20\x00\xab\xcd",
	       18);
	packet->size = (size_t)(ip - packet->data) + 60;
	for (size_t i = 38; i < 60; i++)
		ip[i] = (unsigned char)(3 * i);
}

static void udp6(struct packet *packet, unsigned char *ip)
{
	ip[0] = 0x60;
	put16(ip + 4, 16);
	ip[6] = 17;
	ip[7] = 64;
	memcpy(ip + 8, "\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 16);
	memcpy(ip + 24, "\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02", 16);
	memcpy(ip + 40, "\x14\xe9\x14\xe9\x00\x10\x00\x00payload.", 16);
	packet->size = (size_t)(ip - packet->data) + 56;
}

void make_packets(void)
{
	counting(&packets[COUNTING], "counting bytes", 64);
	packets[TCP4].name = "TCP over IPv4";
	tcp4(&packets[TCP4], ethernet(packets[TCP4].data, 0x0800));
	packets[UDP6].name = "UDP over IPv6";
	udp6(&packets[UDP6], ethernet(packets[UDP6].data, 0x86dd));
	packets[TAGGED].name = "a VLAN tag and IPv4";
	ethernet(packets[TAGGED].data, 0x8100);
	put16(packets[TAGGED].data + 14, 0x6123);
	put16(packets[TAGGED].data + 16, 0x0800);
	tcp4(&packets[TAGGED], packets[TAGGED].data + 18);
	counting(&packets[SHORT], "a header and a byte", 15);
}
