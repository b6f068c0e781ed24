#!/bin/bash
# Makes what boot.sh boots: a Debian kernel with gpio-sim, and an initial RAM disk. Nothing is installed on this machine.
# usage: kernel.sh DIR [amd64|rt-amd64]      (about 230 MB from Debian's archive, half a minute; done once)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
packages="qemu-system-x86 seabios ipxe-qemu busybox-static cpio kmod gcc make xz-utils iproute2"
missing=
for tool in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod gcc:gcc make:make xz:xz-utils ip:iproute2 \
  apt-get:apt dpkg-deb:dpkg; do command -v "${tool%%:*}" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "${tool%%:*}" >/dev/null || missing="$missing ${tool##*:}"; done
if [ -n "$missing" ]; then
  echo "The VM lab lacks:$missing. On Debian: apt-get install --no-install-recommends $packages"; exit 1
fi
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$1"; dir=$(cd "$1" && pwd); flavour=${2:-amd64}
[ -e "$dir/initrd.gz" ] && [ "$dir/initrd.gz" -nt "$0" ] && exit 0

image=$(apt-cache depends "linux-image-$flavour" 2>/dev/null | awk '/Depends: linux-image/{print $2; exit}')
[ -n "$image" ] || { echo "apt knows no linux-image-$flavour: run apt-get update (Debian only)"; exit 1; }
version=${image#linux-image-}; headers=linux-headers-$version; source=linux-source-$(echo "$version" | cut -d. -f1,2)
needed=$(apt-cache depends "$headers" | awk '/Depends: linux-/{print $2}')
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
echo "kernel $version: downloading"
( cd "$work" && apt-get -qq download "$image" "$headers" $needed "$source" 2>&1 | { grep -v '^W:' || true; } )

rm -rf "$dir/root"; mkdir "$dir/root" "$work/headers" "$work/gpiosim"
dpkg-deb -x "$work/${image}"_*.deb "$dir/root"
for package in "$headers" $needed; do dpkg-deb -x "$work/${package}"_*.deb "$work/headers"; done
depmod -b "$dir/root" "$version"                           # the package ships no modules.dep

echo "kernel $version: building gpio-sim"                  # Debian builds neither it nor irq_sim, which it needs
dpkg-deb --fsys-tarfile "$work/${source}"_*.deb | tar -xO "./usr/src/$source.tar.xz" | tar -xJ -C "$work" \
  "$source/drivers/gpio/gpio-sim.c" "$source/drivers/gpio/gpiolib.h" "$source/kernel/irq/irq_sim.c"
cp "$work/$source/drivers/gpio/gpio-sim.c" "$work/gpiosim/gpio-sim-main.c"
cp "$work/$source/drivers/gpio/gpiolib.h" "$work/$source/kernel/irq/irq_sim.c" "$work/gpiosim/"
# irq_to_desc is not exported on x86.
sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq_safe(irqnum)/' "$work/gpiosim/irq_sim.c"
printf 'obj-m := gpio-sim.o\ngpio-sim-y := gpio-sim-main.o irq_sim.o\n' > "$work/gpiosim/Makefile"
tree=$work/headers/usr/src/linux-headers-$version
sed -i "s#^include /usr/src#include $work/headers/usr/src#" "$tree/Makefile"
make -s -C "$tree" M="$work/gpiosim" CONFIG_DEBUG_INFO_BTF_MODULES= modules >/dev/null
strip --strip-debug "$work/gpiosim/gpio-sim.ko"
cp "$work/gpiosim/gpio-sim.ko" "$dir/"
echo "$version" > "$dir/version"
"$here/initrd.sh" "$dir"
echo "kernel $version: ready in $dir"
