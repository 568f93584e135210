// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/* Branches and tables: a machine that runs a program, and products of matrices. */
#include "kernel.h"

#define STEPS 256
#define SIZE 16

enum { PUSH, ADD, SUB, MUL, XOR, SHIFT, SWAP, BACK, NR_OPS };

u8 machine_code[256];
u32 machine_stack[16], machine_steps, machine_start, matrix_size;
u32 matrix_left[SIZE][SIZE], matrix_right[SIZE][SIZE], matrix_product[SIZE][SIZE];

FILL
{
	u64 random = 6;

	for (u32 i = 0; i < 256; i++)
		machine_code[i] = NEXT(random) >> 56;
	for (u32 i = 0; i < SIZE; i++)
		for (u32 j = 0; j < SIZE; j++) {
			matrix_left[i][j] = NEXT(random) >> 40;
			matrix_right[i][j] = NEXT(random) >> 40;
		}
	machine_steps = STEPS;
	matrix_size = SIZE;
	return 0;
}

/* A byte an instruction: what it does, and a number of five bits. */
KERNEL(state_machine)
{
	u32 ip = machine_start, top = ip, acc = 1, nr = machine_steps;

	for (u32 i = 0; i < STEPS && i < nr; i++) {
		u32 insn = machine_code[ip & 255], arg = insn >> 3;

		ip++;
		switch (insn & 7) {
		case PUSH:
			machine_stack[top++ & 15] = acc;
			break;
		case ADD:
			acc += machine_stack[(top - arg) & 15];
			break;
		case SUB:
			acc -= arg;
			break;
		case MUL:
			acc = acc * 17 + arg;
			break;
		case XOR:
			acc ^= machine_stack[--top & 15];
			break;
		case SHIFT:
			acc = acc >> arg | acc << 3;
			break;
		case SWAP: {
			u32 old = machine_stack[arg & 15];

			machine_stack[arg & 15] = acc;
			acc = old;
			break;
		}
		case BACK:
			if (acc & 1)
				ip += arg;
			break;
		}
	}
	for (u32 i = 0; i < 16; i++) {
		acc = acc * 31 + machine_stack[i];
		machine_stack[i] = 0;
	}
	return acc;
}

KERNEL(matrix)
{
	u32 size = matrix_size, hash = 0;

	for (u32 i = 0; i < SIZE && i < size; i++)
		for (u32 j = 0; j < SIZE && j < size; j++) {
			u32 sum = 0;

			for (u32 k = 0; k < SIZE && k < size; k++)
				sum += matrix_left[i][k] * matrix_right[k][j];
			matrix_product[i][j] = sum;
		}
	for (u32 i = 0; i < SIZE && i < size; i++)
		for (u32 j = 0; j < SIZE && j < size; j++)
			hash = hash * 31 + matrix_product[i][j];
	return hash;
}
