# SPDX-License-Identifier: GPL-2.0
# The CXL device's performance monitoring unit, which is the module lab_cxl_pmu.  A test says what
# passes over the link.  `load ../unit` in a suite, and `unload lab_cxl_pmu` in its teardown_file.

unit=/sys/module/lab_cxl_pmu/parameters
module=$LAB_BUILD/tests/lab/kmod/lab_cxl_pmu.ko

unload() { ! lsmod | grep -q "^$1" || rmmod "$1"; }

# set_unit NAME VALUE...: set parameters of the module, and load it first where it is not loaded
set_unit() {
	[[ -d $unit ]] || insmod "$module"
	while (($#)); do
		echo "$2" >"$unit/$1"
		shift 2
	done
}

as_new() { set_unit present Y stopped N counters 8 read_mbps 0 write_mbps 0; }
