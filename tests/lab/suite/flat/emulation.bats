#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What the lab does about the emulation's own faults.

@test "a static branch that all CPUs run through may be switched" {
	insmod "$LAB_BUILD/tests/lab/kmod/lab_branch.ko" toggles=60
	rmmod lab_branch
	echo "# mended $(</sys/module/lab_int3/parameters/mended) times" >&3
}
