/* SPDX-License-Identifier: GPL-2.0 */
/*
 * taskctx PID: what the scheduler of cxl-tiersched holds of a thread group's first
 * thread, kernel threads included, as one line of JSON.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf/abi.h"

static int find_map(const char *name)
{
	__u32 id = 0;

	while (!bpf_map_get_next_id(id, &id)) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_map_get_info_by_fd(fd, &info, &size) && !strcmp(info.name, name))
			return fd;
		close(fd);
	}
	errx(1, "no map %s: no scheduler is attached", name);
}

int main(int argc, char **argv)
{
	struct ts_task task;
	int map, pid_fd;

	if (argc != 2)
		errx(2, "usage: taskctx PID");
	map = find_map("task_ctx_stor");
	pid_fd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
	if (pid_fd < 0)
		err(1, "pid %s", argv[1]);
	if (bpf_map_lookup_elem(map, &pid_fd, &task))
		err(1, "the scheduler knows nothing of %s", argv[1]);
	printf("{\"class\": %u, \"priority\": %d, \"ran_at\": %u, \"served\": %u}\n", task.class,
	       task.priority, task.ran_at, task.served);
	return 0;
}
