/* SPDX-License-Identifier: GPL-2.0 */
/* What libbpf has to say, in our log. */
#ifndef TS_BASE_BPF_LOG_H
#define TS_BASE_BPF_LOG_H

/*
 * From now on libbpf's messages go to the log, with -v only: the verifier's log is one message of
 * many lines.  It may be called more than once.
 */
void bpf_log_init(void);

#endif
