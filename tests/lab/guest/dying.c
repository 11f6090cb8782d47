/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that die quickly: dying [--name NAME] [--count N] [--every MSEC].
 *
 * Keeps N processes of a name, of some megabytes each, and kills the oldest and starts a
 * new one every MSEC milliseconds, or half or twice as long, until it is told to stop.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 1024
#define BYTES (2 << 20)

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static pid_t begin(const char *name)
{
	pid_t parent = getpid(), pid = fork();
	char *memory;

	if (pid)
		return pid;
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, name);
	memory = malloc(BYTES);
	for (;;) {
		if (memory)
			memset(memory, 1, BYTES);
		usleep(10000);
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"name", required_argument, NULL, 'n'},
					      {"count", required_argument, NULL, 'c'},
					      {"every", required_argument, NULL, 'e'},
					      {0}};
	const char *name = "vectP";
	int count = 40, every_ms = 10, c;
	pid_t pids[MAX_PROCESSES];

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'n')
			name = optarg;
		else if (c == 'c')
			count = atoi(optarg);
		else if (c == 'e')
			every_ms = atoi(optarg);
		else
			return 2;
	}
	if (optind < argc || count < 1 || count > MAX_PROCESSES || every_ms < 1)
		return 2;
	signal(SIGTERM, stop);
	for (int i = 0; i < count; i++)
		pids[i] = begin(name);
	printf("ready\n");
	fflush(stdout);
	for (int at = 0; !stopping; at = (at + 1) % count) {
		usleep((useconds_t)(every_ms * 500 + rand() % (every_ms * 1500)));
		if (pids[at] > 0) {
			kill(pids[at], SIGKILL);
			waitpid(pids[at], NULL, 0);
		}
		pids[at] = begin(name);
	}
	return 0;
}
