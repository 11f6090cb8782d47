/* SPDX-License-Identifier: GPL-2.0 */
/*
 * herd [--name NAME] [--file FILE] COUNT: so many processes of that name that sleep, each with all
 * of FILE in its memory.  Prints "ready" when all of them are there; they end with it.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name, *file;

static void map_file(void)
{
	struct stat st;
	int fd = open(file, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", file);
	if (mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0) ==
	    MAP_FAILED)
		err(1, "mmap");
	close(fd);
}

/* It says that it is there by closing its end of the pipe. */
static void sleeper(int end)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (name)
		prctl(PR_SET_NAME, name);
	if (file)
		map_file();
	close(end);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"name", required_argument, NULL, 'n'},
					      {"file", required_argument, NULL, 'f'},
					      {0}};
	int c, count, ends[2];
	char byte;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'n')
			name = optarg;
		else if (c == 'f')
			file = optarg;
		else
			return 2;
	}
	count = optind + 1 == argc ? atoi(argv[optind]) : 0;
	if (count < 1)
		errx(2, "usage: herd [--name NAME] [--file FILE] COUNT");
	if (pipe(ends))
		err(1, "pipe");
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			close(ends[0]);
			sleeper(ends[1]);
		}
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1))
		err(1, "read");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
