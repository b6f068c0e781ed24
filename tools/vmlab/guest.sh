# Runs in the guest, as its first process: devices, then the command, then its exit status to the host.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb PYTHONDONTWRITEBYTECODE=1
exec >/dev/ttyS1 2>&1 </dev/null
stty -F /dev/ttyS1 raw 2>/dev/null
ip link set lo up
for bus in vcan0 vcan1; do ip link add dev $bus type vcan && ip link set $bus up; done
lab=/sys/kernel/config/gpio-sim/lab
mkdir -p $lab/bank0 && echo 8 > $lab/bank0/num_lines && echo labchip > $lab/bank0/label
for line in 0:ESTOP 1:LIMIT 2:RELAY 3:LAMP; do
  mkdir $lab/bank0/line${line%%:*}; echo ${line#*:} > $lab/bank0/line${line%%:*}/name
done
echo 1 > $lab/live
echo "guest up after $(cut -d' ' -f1 /proc/uptime) s, kernel $(uname -r)"
cd "$(cat /vmout/folder)"
sh -c "$(cat /vmout/command)"; status=$?
echo $status > /vmout/status; sync
exec /bin/busybox poweroff -f
