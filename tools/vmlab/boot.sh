#!/bin/bash
# Runs a command in the lab's guest: this machine's files read-only under a RAM disk, the same working folder.
# usage: boot.sh DIR SECONDS COMMAND…     (DIR made by kernel.sh)
# Exit status: the command's; 125 when the guest left none (a reset, a crash, out of time). VMLAB_OUT: a folder that gets what
# the command leaves in /vmout/out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); dir=$(cd "$1" && pwd); seconds=$2; shift 2
export PATH=$PATH:/usr/sbin:/sbin
out=$(mktemp -d); trap 'rm -rf "$out"' EXIT
mkdir "$out/out"; pwd > "$out/folder"; printf '%q ' "$@" > "$out/command"; cp "$here/guest.sh" "$out/"
# Emulated even where /dev/kvm opens (it does not work in every container); a processor that numpy accepts.
timeout --foreground "$seconds" qemu-system-x86_64 -M q35 -accel "${VMLAB_ACCEL:-tcg,thread=multi}" -cpu Nehalem -smp 1 -m 1024 \
  -nodefaults -no-user-config -display none -no-reboot \
  -chardev file,id=kernel,path="$out/kernel.log" -serial chardev:kernel -chardev stdio,id=shown,signal=off -serial chardev:shown \
  -device virtio-rng-pci \
  -fsdev local,id=r,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=r,mount_tag=hostroot \
  -fsdev local,id=o,path="$out",security_model=none -device virtio-9p-pci,fsdev=o,mount_tag=vmout \
  -kernel "$dir/root/boot/vmlinuz-$(cat "$dir/version")" -initrd "$dir/initrd.gz" \
  -append "console=ttyS0 loglevel=4 panic=-1 mitigations=off tsc=reliable random.trust_cpu=on nokaslr" </dev/null || true
[ -n "${VMLAB_OUT:-}" ] && cp -r "$out/out/." "$VMLAB_OUT/"
if [ -s "$out/status" ]; then exit "$(cat "$out/status")"; fi
if [ -z "${VMLAB_OUT:-}" ]; then echo "the guest left no exit status; the end of its kernel log:"; tail -30 "$out/kernel.log"; fi
exit 125
