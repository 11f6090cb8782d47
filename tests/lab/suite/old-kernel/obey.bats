#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Linux 6.12 lets its policies be read, too.

load ../policies

@test "each kind of mapping has the rule of its policy" {
	each_kind_has_its_rule
}
