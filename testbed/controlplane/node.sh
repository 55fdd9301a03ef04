# Process 1 of a node's namespaces: hides the host from the node, then runs the
# command given. When this ends, the kernel ends all that runs here and drops the
# mounts and devices with it: nothing can be left behind.
set -eu
PATH=$PATH:/usr/sbin:/sbin

mount --make-rprivate /
mount -t proc proc /proc
for dir in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$dir"; done
# The kubelet sets these for the whole machine: let it set copies.
for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
	kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
	copy=/run/sysctl-$(basename "$name")
	cat "/proc/sys/$name" > "$copy"
	mount --bind "$copy" "/proc/sys/$name"
done

ip link set lo up
ip link add rig0 type bridge
ip addr add 10.250.0.1/24 dev rig0
ip link set rig0 up
# A bridge without a port has no carrier, and its routes count as down.
ip link add port0 type veth peer name port1
ip link set port0 master rig0 up
ip link set port1 up
# The kubelet wants a default route.
ip route add default dev rig0
echo 1 > /proc/sys/net/ipv4/ip_forward

"$@" # not by exec: process 1 has to collect what its children leave
