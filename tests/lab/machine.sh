# SPDX-License-Identifier: GPL-2.0
# Machines are data: files in machines/ of the lines
#
#   node N [cpus=C] memory=MB [near=M]   a node; without CPUs it is memory alone, and `near` names
#                                        its CPU node
#   cxl N memory=MB near=M               a CXL type-3 memory device below a host bridge of node M;
#                                        its memory is node N once its region is online
#   distance A B D                       SLIT, both ways (10 to itself, 20 otherwise)
#   latency A NS...                      from CPU node A to each node in turn, in ns
#   bandwidth A GBPS...                  the same in GB/s
#   limit N GBPS                         what the memory of node N delivers to all CPUs together
#                                        under the memory clock
#   firmware hmat                        the guest is told latencies and bandwidths; else only the
#                                        memory clock uses them
#
# Nodes are numbered in order.  QEMU lays out their memory in that order from address 0, with a
# hole from 2 GB to 4 GB when there is more than 2.75 GB.

# machine_read NAME [CPUS]: fills machine_*.  CPUs are numbered node by node.
machine_read() {
	local word first rest pair node=0 nodes_with_cpus=0
	declare -gA machine_cpus=() machine_memory=() machine_near=() machine_distance=() machine_latency=() machine_bandwidth=() machine_limit=()
	machine_name=$1 machine_nodes=0 machine_cxl='' machine_hmat=false machine_nr_cpus=0
	while read -r word first rest; do
		case $word in
		node | cxl)
			machine_nodes=$((first + 1))
			[[ $word != cxl ]] || machine_cxl=$first
			for pair in $rest; do
				case $pair in
				cpus=*) machine_cpus[$first]=${pair#*=} ;;
				memory=*) machine_memory[$first]=${pair#*=} ;;
				near=*) machine_near[$first]=${pair#*=} ;;
				*) die "machines/$1: what is '$pair'?" ;;
				esac
			done ;;
		distance) machine_distance[$first,${rest% *}]=${rest#* }; machine_distance[${rest% *},$first]=${rest#* } ;;
		latency) machine_latency[$first]=$rest ;;
		bandwidth) machine_bandwidth[$first]=$rest ;;
		limit) machine_limit[$first]=$rest ;;
		firmware) machine_hmat=true ;;
		*) die "machines/$1: what is '$word'?" ;;
		esac
	done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$LAB_DIR/machines/$1")
	nodes_with_cpus=${#machine_cpus[@]}
	if [[ -n ${2:-} ]]; then
		(($2 >= nodes_with_cpus)) || usage_error "--cpus $2 is too few: machine $1 has $nodes_with_cpus CPU nodes"
		for ((node = 0; node < machine_nodes; node++)); do
			[[ -n ${machine_cpus[$node]:-} ]] || continue
			machine_cpus[$node]=$(($2 / nodes_with_cpus + (node < $2 % nodes_with_cpus)))
		done
	fi
	for node in "${!machine_cpus[@]}"; do
		machine_nr_cpus=$((machine_nr_cpus + machine_cpus[$node]))
	done
}

# Sets machine_args, what QEMU needs for processors, memory and topology.
machine_qemu() {
	local node other total=0 next=0 machine=q35 cpus near initiator spread
	local -a nodes=() tables=() cxl=()
	for ((node = 0; node < machine_nodes; node++)); do
		cpus=${machine_cpus[$node]:-} near=${machine_near[$node]:-$node}
		if [[ $node == "$machine_cxl" ]]; then
			cxl=(-object "memory-backend-ram,id=cxlm0,size=${machine_memory[$node]}M,share=on"
				-device "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1,numa_node=$near"
				-device cxl-rp,port=0,bus=cxl.1,id=rp0,chassis=0,slot=2
				-device cxl-type3,bus=rp0,volatile-memdev=cxlm0,id=cxl-mem0,sn=0x1234)
			machine+=,cxl=on,cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=4G
			continue
		fi
		total=$((total + machine_memory[$node]))
		initiator=
		! $machine_hmat || initiator=,initiator=$near
		nodes+=(-object "memory-backend-ram,id=m$node,size=${machine_memory[$node]}M")
		if [[ -n $cpus ]]; then
			nodes+=(-numa "node,nodeid=$node,cpus=$next-$((next + cpus - 1)),memdev=m$node$initiator")
			next=$((next + cpus))
		else
			nodes+=(-numa "node,nodeid=$node,memdev=m$node$initiator")
		fi
		for ((other = 0; other < node; other++)); do
			tables+=(-numa "dist,src=$other,dst=$node,val=${machine_distance[$other,$node]:-20}")
		done
	done
	if $machine_hmat; then
		machine+=,hmat=on
		for node in "${!machine_cpus[@]}"; do
			machine_hmat_rows "$node" latency access-latency '' "${machine_latency[$node]}"
			machine_hmat_rows "$node" bandwidth access-bandwidth G "${machine_bandwidth[$node]}"
		done
	fi
	# A socket must not span nodes.
	spread="sockets=$machine_nr_cpus,cores=1"
	if ((machine_nr_cpus % ${#machine_cpus[@]} == 0)); then
		spread="sockets=${#machine_cpus[@]},cores=$((machine_nr_cpus / ${#machine_cpus[@]}))"
	fi
	machine_args=(-machine "$machine" -smp "$machine_nr_cpus,$spread,threads=1" -m "${total}M" "${nodes[@]}" "${tables[@]}" "${cxl[@]}")
}

# Adds the HMAT rows of one initiator to `tables`.
machine_hmat_rows() {
	local initiator=$1 key=$2 type=$3 unit=$4 target=0 value
	for value in $5; do
		tables+=(-numa "hmat-lb,initiator=$initiator,target=$target,hierarchy=memory,data-type=$type,$key=$value$unit")
		target=$((target + 1))
	done
}
