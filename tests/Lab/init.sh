#!/bin/busybox sh
# The first program of an L0: loads KVM, mounts what lab.sh shares, then runs the scripts that lab.sh puts into /mnt/jobs.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
parameters=$(sed -n 's/.*kvmamd=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
for module in $(cat /modules/order); do
    case $module in
        kvm_amd) insmod /modules/kvm_amd.ko nested=1 $parameters ;;
        *) insmod /modules/$module.ko ;;
    esac || echo "cannot load $module"
done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 userspace /new
mount -t 9p -o trans=virtio,version=9p2000.L,rw,cache=none,msize=262144 share /share
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 bound /bound
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
for folder in dev proc sys; do mount --rbind /$folder /new/$folder; done
for folder in run tmp var/tmp; do mount -t tmpfs tmpfs /new/$folder; done
mount --bind /share /new/mnt
mount --bind /bound /new/opt
ifconfig lo 127.0.0.1 up
echo "$(uname -r) nested=$(cat /sys/module/kvm_amd/parameters/nested) after $(cut -d' ' -f1 /proc/uptime) s" > /share/ready.part
mv /share/ready.part /share/ready
chroot /new /bin/bash -c '
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
cd /run
until [ -e /mnt/jobs/poweroff ]; do
    for script in /mnt/jobs/*.sh; do
        [ -e "$script" ] || continue
        job=${script%.sh}
        mv "$script" "$job.running"
        bash "$job.running" > "$job.output" 2>&1 < /dev/null
        echo $? > "$job.status.part"
        mv "$job.status.part" "$job.status"
    done
    sleep 0.2
done'
sync
poweroff -f
