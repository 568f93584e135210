/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/*
 * What %p prints instead of an address: a number that is the same for the same address as long as
 * the process lives, and tells nothing about it (kernel: ptr_to_id in lib/vsprintf.c).
 */
#ifndef PROG_PTR_HASH_H
#define PROG_PTR_HASH_H

#include "base/types.h"

/* 32 bits. NULL and error pointers, which are no secrets, are returned as they are. */
u64 ptr_hash(u64 ptr);

#endif /* PROG_PTR_HASH_H */
