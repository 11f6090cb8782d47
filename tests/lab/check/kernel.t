#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A kernel without sched_ext (Debian 13's own): the run says so in one line and exits with the
# right status.  --observe works.
set -euo pipefail

lab=$(cd "$(dirname "$0")/.." && pwd)
exec "$lab/lab" run --machine numa --kernel trixie --timeout 300 -- bats --tap "$lab"/suite/old-kernel/*.bats
