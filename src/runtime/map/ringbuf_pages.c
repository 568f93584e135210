/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* The memory of ring buffers: see ringbuf_pages.h. */
#include "map/ringbuf_pages.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/kernel_errno.h"

#define RINGBUF_CREATE_FLAG_MASK BPF_F_NUMA_NODE

static size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

int ringbuf_map_alloc_check(const union bpf_attr *attr)
{
	u64 size = attr->max_entries;

	if (attr->map_flags & ~RINGBUF_CREATE_FLAG_MASK || attr->key_size || attr->value_size ||
	    !size || size & (size - 1) || size % page_size())
		return -EINVAL;
	/* The whole has to be mapped, here and by who is at the other end. */
	return size > SIZE_MAX / 4 ? -ENOMEM : 0;
}

static size_t all_pages_size(const struct ringbuf_pages *pages)
{
	return PAGE_DATA * page_size() + 2 * pages->data_size;
}

static int new_memfd(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, size)) {
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

/*
 * Map what a process may see of the ring, from byte @offset of it on, at @at, where there is room.
 * @offset 0 is the consumer's page, as it is for mmap(2) of the handle.
 */
static int map_visible(const struct ringbuf_pages *pages, void *at, size_t len, int prot,
		       size_t offset)
{
	const size_t page = page_size(), data_size = pages->data_size;
	const struct {
		int fd;
		size_t begin, end, fd_offset;
	} parts[] = {
		{pages->consumer_memfd, 0, page, 0},
		{pages->producer_memfd, page, 2 * page + data_size, 0},
		{pages->producer_memfd, 2 * page + data_size, 2 * (page + data_size), page},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t begin = max_of(parts[i].begin, offset);
		size_t end = min_of(parts[i].end, offset + len);

		if (begin < end && mmap((u8 *)at + (begin - offset), end - begin, prot,
					MAP_SHARED | MAP_FIXED | MAP_NORESERVE, parts[i].fd,
					parts[i].fd_offset + begin - parts[i].begin) == MAP_FAILED)
			return -errno;
	}
	return 0;
}

/* Room for @len bytes, which a mapping then takes part by part. */
static void *reserve_addresses(size_t len)
{
	void *at = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? ERR_PTR(-ENOMEM) : at;
}

static int map_all(struct ringbuf_pages *pages)
{
	const size_t page = page_size(), len = all_pages_size(pages);
	u8 *base = reserve_addresses(len);

	if (IS_ERR(base))
		return PTR_ERR(base);
	if (mmap(base, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1,
		 0) == MAP_FAILED ||
	    map_visible(pages, base + page, len - page, PROT_READ | PROT_WRITE, 0)) {
		munmap(base, len);
		return -ENOMEM;
	}
	pages->base = base;
	return 0;
}

int ringbuf_pages_alloc(struct ringbuf_pages *pages, u32 data_size)
{
	struct ringbuf_pages made = {.data_size = data_size};
	int err;

	err = made.consumer_memfd = new_memfd("bpftrek-ringbuf-consumer", page_size());
	if (err < 0)
		return err;
	err = made.producer_memfd = new_memfd("bpftrek-ringbuf", page_size() + made.data_size);
	if (err < 0)
		goto close_consumer;
	err = map_all(&made);
	if (err)
		goto close_producer;
	*pages = made;
	return 0;

close_producer:
	close(made.producer_memfd);
close_consumer:
	close(made.consumer_memfd);
	return err;
}

void ringbuf_pages_free(struct ringbuf_pages *pages)
{
	if (!pages->base)
		return;
	munmap(pages->base, all_pages_size(pages));
	close(pages->producer_memfd);
	close(pages->consumer_memfd);
}

void *ringbuf_page(const struct ringbuf_pages *pages, enum ringbuf_page page)
{
	return pages->base + page * page_size();
}

void ringbuf_pages_seal(int memfd)
{
	/* Before Linux 5.1 there is only the protection of what is mapped. */
	fcntl(memfd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
}

int ringbuf_pages_mmap(const struct ringbuf_pages *pages, size_t len, int prot, off_t offset,
		       void **addr)
{
	const size_t page = page_size(), visible = 2 * (page + pages->data_size);
	void *at;
	int err;

	if (offset < 0 || offset % page || (size_t)offset > visible || len > visible - offset)
		return -EINVAL;
	at = reserve_addresses(len);
	if (IS_ERR(at))
		return PTR_ERR(at);
	err = map_visible(pages, at, len, prot, offset);
	if (err)
		munmap(at, len);
	else
		*addr = at;
	return err;
}

u64 ringbuf_pages_mem_usage(u32 data_size)
{
	const u64 page = page_size(), data_pages = data_size / page;

	return (PAGE_DATA + data_pages) * page + (PAGE_DATA + 2 * data_pages) * sizeof(void *);
}

long ringbuf_map_update_elem(struct bpf_map *map, const void *key, const void *value, u64 flags)
{
	return -ENOTSUPP;
}

long ringbuf_map_delete_elem(struct bpf_map *map, const void *key)
{
	return -ENOTSUPP;
}

int ringbuf_map_get_next_key(struct bpf_map *map, const void *key, void *next_key)
{
	return -ENOTSUPP;
}

int ringbuf_map_copy_value(struct bpf_map *map, const void *key, void *value, u64 flags)
{
	return -ENOTSUPP;
}
