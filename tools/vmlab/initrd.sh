#!/bin/bash
# Packs busybox and the modules that the lab needs into DIR/initrd.gz. Called by kernel.sh.
set -euo pipefail
dir=$1; version=$(cat "$dir/version")
tree=$(mktemp -d); trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,mod,proc,sys,dev,lower,rw,root}
cp "$(command -v busybox)" "$tree/bin/busybox"

put() {  # LIST MODULE…: each module after those that it needs; Debian's newer kernels pack them with xz
  local list=$1; shift
  for module in "$@"; do
    modprobe -S "$version" -d "$dir/root" --show-depends "$module" | awk '$1 == "insmod" {print $2}' | while read -r file; do
      name=$(basename "$file" .xz)
      [ -e "$tree/mod/$name" ] && continue
      case $file in *.xz) xz -dc "$file" > "$tree/mod/$name";; *) cp "$file" "$tree/mod/$name";; esac
      echo "$name" >> "$tree/mod/$list"
    done
  done
}
put early virtio_pci 9pnet_virtio 9p overlay
put late can can-raw can-bcm can-gw vcan softdog i2c-dev configfs
put stub i2c-stub
cp "$dir/gpio-sim.ko" "$tree/mod/"; echo gpio-sim.ko >> "$tree/mod/late"

cat > "$tree/init" <<'INIT'
#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t sysfs sys /sys; $B mount -t devtmpfs dev /dev
cd /mod; for m in $($B cat early); do $B insmod $m || echo "insmod $m failed"; done
shared=trans=virtio,version=9p2000.L,msize=1048576
$B mount -t 9p -o ro,cache=loose,$shared hostroot /lower || $B poweroff -f
$B mount -t tmpfs -o size=60% tmpfs /rw; $B mkdir /rw/upper /rw/work
$B mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /root
$B mkdir -p /root/vmout; $B mount -t 9p -o rw,cache=none,$shared vmout /root/vmout
for m in $($B cat late); do $B insmod $m || echo "insmod $m failed"; done
for m in $($B cat stub); do case $m in i2c-stub.ko) $B insmod $m chip_addr=0x48,0x50,0x20;; *) $B insmod $m;; esac; done
$B mount -t configfs none /sys/kernel/config
for m in proc sys dev; do $B mount --move /$m /root/$m; done
$B mkdir -p /root/dev/pts /root/dev/shm; $B mount -t devpts -o ptmxmode=666 devpts /root/dev/pts
$B mount -t tmpfs tmpfs /root/dev/shm; $B mount -t tmpfs tmpfs /root/run
exec $B switch_root /root /bin/sh /vmout/guest.sh
INIT
chmod +x "$tree/init"
( cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1 ) > "$dir/initrd.gz"
