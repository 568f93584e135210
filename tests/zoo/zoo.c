// SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
/*
 * Opens the zoo: `zoo DIRECTORY_OF_OBJECTS`. When all is there, one line of JSON on standard output
 * says what; the zoo is open until standard input ends.
 *
 * Whatever happens to this process, its objects go: they hang on its descriptors, its network
 * namespace and the bpf file systems of its mount namespace. Its cgroup is removed when it ends, or
 * by the next zoo.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <mntent.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "zoo.h"

static char cgroup_path[4096];

static void refuse(const char *what)
{
	printf("{\"refused\": \"%s: %s\"}\n", what, strerror(errno));
	exit(0);
}

/* Where cgroups of version 2 are. */
static bool find_cgroups(char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;
	bool found = false;

	while (!found && mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2")) {
			snprintf(path, size, "%s", mount->mnt_dir);
			found = true;
		}
	if (mounts)
		endmntent(mounts);
	return found;
}

/* Cgroups of zoos that were killed. */
static void sweep(const char *parent)
{
	DIR *directory = opendir(parent);
	struct dirent *entry;
	int pid;

	while (directory && (entry = readdir(directory)))
		if (sscanf(entry->d_name, "bpftrek-zoo-%d", &pid) == 1 && kill(pid, 0) &&
		    errno == ESRCH)
			unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
	if (directory)
		closedir(directory);
}

static void open_cgroup(struct zoo *zoo)
{
	char parent[2048];
	struct {
		struct file_handle handle;
		__u64 id;
	} at = {.handle.handle_bytes = sizeof(__u64)};
	int mount_id;

	zoo->cgroup = -1;
	if (!find_cgroups(parent, sizeof(parent))) {
		zoo_skip(zoo, "cgroup: no file system of version 2", ENOENT);
		return;
	}
	sweep(parent);
	/* Who shows the path has to escape it. */
	snprintf(cgroup_path, sizeof(cgroup_path), "%s/bpftrek-zoo-%d \033[31m", parent, getpid());
	if (mkdir(cgroup_path, 0755)) {
		zoo_skip(zoo, "cgroup", errno);
		cgroup_path[0] = 0;
		return;
	}
	zoo->cgroup = open(cgroup_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (name_to_handle_at(AT_FDCWD, cgroup_path, &at.handle, &mount_id, 0))
		zoo_fail("%s: %s", cgroup_path, strerror(errno));
	memcpy(&zoo->cgroup_id, at.handle.f_handle, sizeof(zoo->cgroup_id));
}

static void move_out(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET))
		refuse("namespaces");
	/* Twice: what is under the other is not to be seen, nor is the other to be seen twice. */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		refuse("a bpf file system");
	/* Tracepoints have their numbers there; without it there are none. */
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
}

/* A second process that holds some of it, with a name that has to be escaped. */
static pid_t keep(struct zoo *zoo)
{
	int alive[2];
	pid_t pid;
	char c;

	if (pipe(alive))
		zoo_fail("pipe: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		zoo_fail("fork: %s", strerror(errno));
	if (pid) {
		close(alive[0]);
		return pid;
	}
	prctl(PR_SET_NAME, "zoo \033[31m\"k\t");
	for (int fd = 0; fd < 4096; fd++) {
		bool kept = fd == alive[0];

		for (int i = 0; i < zoo->nr_kept; i++)
			kept |= fd == zoo->kept[i];
		if (!kept)
			close(fd);
	}
	/* Its other end closes with the first process, even when that is killed. */
	while (read(alive[0], &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void close_cgroup(void)
{
	if (cgroup_path[0])
		rmdir(cgroup_path);
}

int main(int argc, char **argv)
{
	static const struct rlimit many = {4096, 4096};
	struct zoo zoo = {
		.programs = json_array(),
		.maps = json_array(),
		.links = json_array(),
		.btfs = json_array(),
		.pins = json_array(),
		.skipped = json_array(),
		.enums = json_object(),
		.objects = argv[argc - 1],
	};
	json_t *all;
	pid_t keeper;
	char c;

	if (argc != 2)
		zoo_fail("where are the objects?");
	if (geteuid()) {
		errno = EPERM;
		refuse("objects of every kind");
	}
	setrlimit(RLIMIT_NOFILE, &many);
	signal(SIGPIPE, SIG_IGN);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(zoo_note);

	open_cgroup(&zoo);
	atexit(close_cgroup);
	move_out();
	zoo_programs(&zoo);
	zoo_maps(&zoo);
	zoo_values(&zoo);
	zoo_types(&zoo);
	zoo_links(&zoo);
	zoo_attached(&zoo);
	zoo_held(&zoo);
	keeper = keep(&zoo);

	zoo_infos(&zoo);
	all = json_pack("{s:i, s:i, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b}",
			"pid", getpid(), "keeper", keeper, "cgroup_id", (json_int_t)zoo.cgroup_id,
			"cgroup", cgroup_path, "programs", zoo.programs, "maps", zoo.maps, "links",
			zoo.links, "btfs", zoo.btfs, "pins", zoo.pins, "skipped", zoo.skipped,
			"enums", zoo.enums, "keeps_info", zoo.keeps_info, "counts_hashes",
			zoo.counts_hashes, "iterates_links", zoo.iterates_links);
	if (!all || json_dumpf(all, stdout, JSON_COMPACT))
		zoo_fail("no memory");
	putchar('\n');
	fflush(stdout);

	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
	close_cgroup();
	/* Nothing was given back one by one: descriptors, and with them all objects, go now. */
	_exit(0);
}
