# SPDX-License-Identifier: GPL-2.0
# The CXL device's performance monitoring unit, which is the module lab_cxl_pmu: what passes over the link is as a test says.
# `load ../unit` in a suite, and `unload lab_cxl_pmu` in its teardown_file.

unit=/sys/module/lab_cxl_pmu/parameters
module=$LAB_BUILD/tests/lab/kmod/lab_cxl_pmu.ko

unload() { ! lsmod | grep -q "^$1" || rmmod "$1"; }

# set_unit NAME VALUE...: the module's parameters, loaded if it is not
set_unit() {
	[[ -d $unit ]] || insmod "$module"
	while (($#)); do
		echo "$2" >"$unit/$1"
		shift 2
	done
}

as_new() { set_unit present Y stopped N counters 8 read_mbps 0 write_mbps 0; }
