# SPDX-License-Identifier: GPL-2.0
# What the lab needs of the host: root, Debian, one package, namespaces, disk.

host_need_root() {
	[[ $EUID == 0 ]] || die "needs root: sudo $LAB_DIR/lab ..."
	unshare --mount --pid --fork true 2>/dev/null ||
		die "may not make mount and process namespaces: a container without CAP_SYS_ADMIN?"
	[[ $(uname -m) == x86_64 ]] || die "needs an x86_64 host, this is $(uname -m)"
}

host_need_mmdebstrap() {
	command -v mmdebstrap >/dev/null && return 0
	command -v apt-get >/dev/null || die "needs a Debian host, or one with mmdebstrap installed: found no apt-get"
	step "installing mmdebstrap, which makes Debian trees" "$LAB_CACHE/log/host.log" host_install mmdebstrap debian-archive-keyring
}

host_install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	apt-get install -q -y --no-install-recommends "$@"
}

# host_need_disk GIGABYTES
host_need_disk() {
	local free
	free=$(df --output=avail -B 1M "$LAB_CACHE" | tail -n 1)
	((free >= $1 * 1024)) || die "needs $1 GB of disk, $((free)) MB are free in $LAB_CACHE (CXL_TIERSCHED_LAB=DIR takes another place)"
}

# Everything runs in mounts and processes of its own, so a lab leaves neither behind, however it
# dies.  This outer half only waits.  The inner half dies with `unshare`, and `unshare` dies with
# this shell (by a parent-death signal, which covers SIGKILL).
host_enclose() {
	local inner status=0 tty=
	[[ ! -t 0 ]] || tty=$(stty -g)
	LAB_INSIDE=1 setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
		"$LAB_DIR/lab" "$@" <&0 &
	inner=$!
	# shellcheck disable=SC2064
	trap "host_stop $inner 130" INT
	# shellcheck disable=SC2064
	trap "host_stop $inner 143" TERM
	# shellcheck disable=SC2064
	trap "host_stop $inner 129" HUP
	wait "$inner" || status=$?
	[[ -z $tty ]] || stty "$tty"
	exit "$status"
}

host_stop() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	[[ ! -t 0 ]] || stty sane
	exit "$2"
}
