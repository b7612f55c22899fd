#!/usr/bin/env bash
# An emulated AMD host (L0) of Debian packages, with no root rights, no KVM and no compiler. README has an example.
#   lab.sh fetch [KERNEL...]      packages into the lab's folder; KERNEL is 6.1, 6.12, backports (these three if none is named) or sid
#   lab.sh boot KERNEL NAME       boots it as the L0 NAME, and returns when it is ready
#   lab.sh run NAME < SCRIPT      runs a script of bash in it as root: its output, its exit status
#   lab.sh stop NAME              powers it off
#   lab.sh qemu WORD...           QEMU by itself, as `differ conform --on tcg --qemu "lab.sh qemu"` wants it
# Files are exchanged through the folder `lab.sh share NAME`, which is /mnt there.
# DIFFER_LAB: the lab's folder (~/.cache/differ-lab). DIFFER_LAB_MIRROR, DIFFER_LAB_SECURITY: Debian's archives, if apt does not know them.
# DIFFER_LAB_APPEND: more words for the kernel, as kvmamd=vgif=0,npt=0. DIFFER_LAB_BIND: a folder of this machine that is /opt there.
# DIFFER_LAB_COUNT=1: its time-stamp counter counts instructions, one a tick, so that costs are the same on any machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=${DIFFER_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/differ-lab}
libraries=$lab/userspace/usr/lib/x86_64-linux-gnu
lifetime=1800 # seconds after which a forgotten L0 is ended

die() { echo "lab.sh: $*" >&2; exit 2; }

# The program of a package, run in place by its own loader.
packaged() { local program=$1; shift; "$lab/userspace/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" "$lab/userspace/usr/bin/$program" "$@"; }

# What this machine's apt knows of Debian: the archive that has a suite with the given ending.
archive() {
    apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
        awk -v wanted="^(bullseye|bookworm|trixie|forky|stable|oldstable|testing)$1\$" '$1 ~ wanted && $2 == "main" { print $3; exit }'
}

# A configuration of apt that shares nothing with the machine's but the mirrors and how to reach them.
configure() {
    command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || die "apt and dpkg are needed to fetch Debian's packages"
    [ "$(uname -m)" = x86_64 ] || die "the packages are programs for x86-64"
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror security
    [ -e "$keys" ] || die "$keys is missing: install debian-archive-keyring"
    mirror=${DIFFER_LAB_MIRROR:-$(archive -updates)}
    mirror=${mirror:-$(archive '')}
    security=${DIFFER_LAB_SECURITY:-$(archive -security)}
    [ -n "$mirror" ] || die "apt has no archive of Debian among its sources: name one with DIFFER_LAB_MIRROR"
    mkdir -p "$apt"/etc/preferences.d "$apt"/lists/partial "$apt"/cache/archives/partial
    : > "$apt/status"
    {
        printf "deb [signed-by=$keys] $mirror %s main\n" trixie trixie-backports bookworm
        [ -z "$security" ] || printf "deb [signed-by=$keys] $security %s main\n" trixie-security bookworm-security
        [[ " $* " != *" sid "* ]] || echo "deb [signed-by=$keys] $mirror sid main"
    } > "$apt/etc/sources.list"
    # User space is of one suite, but for a QEMU that is newer in its backports.
    cat > "$apt/etc/preferences" <<'X'
Package: *
Pin: release n=trixie
Pin-Priority: 700

Package: qemu-* seabios
Pin: release n=trixie-backports
Pin-Priority: 800
X
    cat > "$apt/apt.conf" <<X
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "$apt"; Dir::State::status "$apt/status"; Dir::Cache "$apt/cache"; Dir::Etc "$apt/etc"; Dir::Etc::SourceParts "-";
APT::Architecture "amd64"; APT::Architectures { "amd64"; }; APT::Install-Recommends "false"; APT::Sandbox::User "";
Acquire::Languages "none"; Acquire::Retries "2"; Acquire::http::Timeout "20"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
X
}

own() { local program=$1; shift; "$program" -c "$apt/apt.conf" -q "$@" >> "$apt/log" 2>&1 || { tail -5 "$apt/log" >&2; die "$program $1 failed; $apt/log has all of it"; }; }

# The newest package whose name matches.
newest() {
    local found
    found=$(apt-cache -c "$apt/apt.conf" pkgnames linux- | grep -E "^$1\$" | sort -V | tail -1)
    [ -n "$found" ] || die "the archive has no package $1"
    echo "$found"
}

packages_of() {
    local version
    case $1 in
        6.1) newest 'linux-image-6\.1\.0-[0-9]+-amd64-unsigned' ;;
        6.12) newest 'linux-image-6\.12\.[0-9]+\+deb13-amd64-unsigned' ;;
        backports | sid)
            version=$(newest "linux-binary-unsigned-[0-9.]+\\+deb1$([ "$1" = sid ] && echo 4 || echo 3)-amd64")
            version=${version#linux-binary-unsigned-}
            echo "linux-binary-unsigned-$version linux-modules-$version" ;;
        *) die "$1 is no kernel of the lab: 6.1, 6.12, backports, sid" ;;
    esac
}

# A folder with packages unpacked, whole or not at all.
unpack() {
    local to=$1; shift
    rm -rf "$to.part"; mkdir -p "$to.part"
    for one in "$@"; do dpkg-deb -x "$one" "$to.part"; rm -f "$one"; done
    mv "$to.part" "$to"
}

fetch() {
    [ $# -gt 0 ] || set -- 6.1 6.12 backports
    local missing=() kernel names
    for kernel; do [ -e "$lab/kernels/$kernel" ] || missing+=("$kernel"); done
    [ -e "$lab/userspace" ] && [ ${#missing[@]} = 0 ] && return
    apt=$lab/apt
    mkdir -p "$apt"; exec 9> "$apt/lock"; flock 9
    : > "$apt/log"
    configure "$@"
    own apt-get update
    if [ ! -e "$lab/userspace" ]; then
        own apt-get -y --download-only install qemu-system-x86 trace-cmd busybox-static bash coreutils grep sed mount procps libstdc++6 zlib1g libzstd1 liblzma5 libbz2-1.0 liblz4-1
        unpack "$lab/userspace" "$apt"/cache/archives/*.deb
        mkdir -p "$lab"/userspace/{mnt,run,tmp,proc,sys,dev,opt,var/tmp}
    fi
    for kernel in "${missing[@]}"; do
        names=$(packages_of "$kernel")
        mkdir -p "$apt/download"; rm -f "$apt"/download/*.deb
        # shellcheck disable=SC2086 # several names
        (cd "$apt/download"; own apt-get download $names)
        mkdir -p "$lab/kernels"
        unpack "$lab/kernels/$kernel" "$apt"/download/*.deb
        echo "$kernel: $names"
    done
}

# The modules that an L0 needs, each behind those it depends on.
modules() {
    local name=${1//-/_} file one
    file=$(find "$kernel" -name '*.ko*' | grep -E "/${name//_/[-_]}\.ko(\.xz|\.zst)?\$" | head -1) || return 0 # built in
    [ ! -e "$image/modules/$name.ko" ] || return 0
    case $file in
        *.xz) "$busybox" xz -dc "$file" ;;
        *.zst) zstd -dqc "$file" ;;
        *) cat "$file" ;;
    esac > "$image/modules/$name.ko"
    for one in $(tr '\0' '\n' < "$image/modules/$name.ko" | sed -n 's/^depends=//p' | tr ',' ' '); do modules "$one"; done
    echo "$name" >> "$image/modules/order"
}

initramfs() {
    local image=$l0/image busybox=$lab/userspace/usr/bin/busybox one
    rm -rf "$image"; mkdir -p "$image"/{bin,dev,proc,sys,modules,new,share,bound}
    cp "$busybox" "$image/bin/busybox"
    cp "$here/init.sh" "$image/init"; chmod +x "$image/init"
    for one in virtio_pci 9pnet_virtio 9p irqbypass ccp kvm kvm_amd msr; do modules "$one"; done
    (cd "$image"; "$busybox" find . | "$busybox" cpio -o -H newc 2> /dev/null | "$busybox" gzip -1) > "$l0/initramfs"
    rm -rf "$image"
}

alive() { [ -e "$l0/pid" ] && kill -0 "$(cat "$l0/pid")" 2> /dev/null; }

boot() {
    local kernel=$lab/kernels/$1 vmlinuz bind=${DIFFER_LAB_BIND:-$lab/userspace/opt} count=()
    [ -z "${DIFFER_LAB_COUNT:-}" ] || count=(-icount shift=0)
    [ -e "$kernel" ] && [ -e "$lab/userspace" ] || die "kernel $1 is not in $lab: lab.sh fetch $1"
    vmlinuz=$(find "$kernel" -name 'vmlinuz*' | head -1)
    alive && die "$2 runs already"
    rm -rf "$l0"; mkdir -p "$l0/share/jobs"
    initramfs
    QEMU_MODULE_DIR=$libraries/qemu setsid timeout "$lifetime" "$lab/userspace/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" \
        "$lab/userspace/usr/bin/qemu-system-x86_64" -L "$lab/userspace/usr/share/qemu" -L "$lab/userspace/usr/share/seabios" \
        -accel tcg,thread=single,tb-size=512 "${count[@]}" -cpu max,vendor=AuthenticAMD,family=23,model=49,stepping=0,model-id=Emulated \
        -m 2G -smp 1 -nodefaults -nographic -no-reboot -serial "file:$l0/console" -kernel "$vmlinuz" -initrd "$l0/initramfs" \
        -append "console=ttyS0 panic=-1 mitigations=off nokaslr tsc=reliable quiet loglevel=4 ${DIFFER_LAB_APPEND:-}" \
        -virtfs "local,path=$lab/userspace,mount_tag=userspace,security_model=none,multidevs=remap,readonly=on" \
        -virtfs "local,path=$bind,mount_tag=bound,security_model=none,multidevs=remap,readonly=on" \
        -virtfs "local,path=$l0/share,mount_tag=share,security_model=none,multidevs=remap" > "$l0/qemu" 2>&1 < /dev/null &
    echo $! > "$l0/pid"
    until [ -e "$l0/share/ready" ]; do
        alive || { cat "$l0/qemu" "$l0/console" >&2 || true; die "$2 did not start"; }
        sleep 0.2
    done
    cat "$l0/share/ready"
}

run() {
    local job=$l0/share/jobs/$$
    cat > "$job.part"; mv "$job.part" "$job.sh"
    until [ -e "$job.status" ]; do
        alive || { tail -20 "$l0/console" >&2; die "$1 is gone"; }
        sleep 0.1
    done
    cat "$job.output"
    local status
    status=$(cat "$job.status")
    rm -f "$job".*
    return "$status"
}

stop() {
    alive || return 0
    local patience=100
    touch "$l0/share/jobs/poweroff"
    while alive && [ $((patience--)) -gt 0 ]; do sleep 0.1; done
    ! alive || kill "$(cat "$l0/pid")"
}

verb=${1:-}; shift || true
case $verb in
    fetch) fetch "$@" ;;
    boot) [ $# = 2 ] || die "boot KERNEL NAME"; l0=$lab/l0/$2; boot "$@" ;;
    run | stop) [ $# = 1 ] || die "$verb NAME"; l0=$lab/l0/$1; "$verb" "$@" ;;
    qemu) QEMU_MODULE_DIR=$libraries/qemu exec "$lab/userspace/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" \
        "$lab/userspace/usr/bin/qemu-system-x86_64" -L "$lab/userspace/usr/share/qemu" -L "$lab/userspace/usr/share/seabios" "$@" ;;
    share) [ $# = 1 ] || die "share NAME"; echo "$lab/l0/$1/share" ;;
    *) sed -n '2,/^set/{s/^# \{0,1\}//p}' "$0"; [ -z "$verb" ] || exit 2 ;;
esac
