#!/bin/sh
# Records KVM for differ check, as root: sh record.sh [-o trace.dat] [-t seconds] [-T tracefs] [command ...]; Ctrl-C ends it.
# Offsets are of Linux 6.99.0-made-up: run it on that kernel only.

out=trace.dat; secs=; T=
while getopts o:t:T: o; do
  case $o in o) out=$OPTARG ;; t) secs=$OPTARG ;; T) T=$OPTARG ;; *) exit 64 ;; esac
done
shift $((OPTIND - 1))
for d in /sys/kernel/tracing /sys/kernel/debug/tracing; do [ -z "$T" ] && [ -d $d/events/kvm ] && T=$d; done
[ -d "$T/events/kvm" ] || { echo "no events of kvm in tracefs: is this root, is kvm_amd loaded?" >&2; exit 2; }
[ -d $T/instances/differ ] && { echo "another recording is under way, or a killed one left rubbish: differ record --cleanup" >&2; exit 2; }
I=$T/instances/differ; W=$out.parts; pids=
mkdir "$W" || exit 2
stop() {
  [ -n "$pids" ] || return
  echo 0 >$I/tracing_on; : >"$W/end"; wait $pids; pids=
}
entries() { sed -n 's/^entries: //p' $1/stats; }
# A read of an empty buffer waits for ever on older kernels, and a page that is not full is written whole: an event takes eight bytes at
# least, so what is read here is there and full. What is left at the end is read page by page.
follow() {
  while [ ! -e "$W/end" ]; do
    k=$(($(entries $1) / (P / 8)))
    if [ $k -gt 0 ]; then dd if=$1/trace_pipe_raw bs=$P count=$k 2>/dev/null; else sleep 1; fi
  done
  while k=$(entries $1); [ "$k" -gt 0 ]; do
    dd if=$1/trace_pipe_raw bs=$P count=1 2>/dev/null
    [ "$(entries $1)" -lt "$k" ] || break
  done
}
cleanup() {
  trap - EXIT; stop
  [ -d $I ] && rmdir $I
  for p in entry exit vmrun unmap vmexit efer gif cpuid cancel setnested leave rdguest; do grep -q ":differ/$p " $T/kprobe_events 2>/dev/null && echo "-:differ/$p" >>$T/kprobe_events; done
  rm -rf "$W"
}
trap cleanup EXIT
trap 'ended=1; kill $waits 2>/dev/null' HUP INT TERM
probe() { echo "$1" 2>/dev/null >>$T/kprobe_events || echo "not set: $1" >&2; }
probe 'p:differ/entry kvm:kvm_wait_lapic_expire vcpu=+36(%di):s32 vmcb=+4000(%di):x64 vmcb02=+4032(%di):x64 vmcb12=+4064(%di):x64 run=+4072(%di):x8 gif=+4300(%di):x8 nmimask=+4301(%di):x8 hflags=+324(%di):x32 efer=+332(%di):x64 exc=+340(%di):x64[3] intr=+388(%di):x8[3] nmip=+392(%di):x32 nmii=+396(%di):x8 h058=+0x58(+4008(%di)):x64[3] c000=+0x0(+4000(%di)):x64[3] c058=+0x58(+4000(%di)):x64[15] c4c8=+0x4c8(+4000(%di)):x64[2] c570=+0x570(+4000(%di)):x64[2] c5f8=+0x5f8(+4000(%di)):x64'
probe 'p:differ/exit kvm_amd:svm_complete_interrupts vcpu=+36(%di):s32 vmcb=+4000(%di):x64 vmcb02=+4032(%di):x64 vmcb12=+4064(%di):x64 run=+4072(%di):x8 gif=+4300(%di):x8 nmimask=+4301(%di):x8 hflags=+324(%di):x32 efer=+332(%di):x64 exc=+340(%di):x64[3] intr=+388(%di):x8[3] nmip=+392(%di):x32 nmii=+396(%di):x8 h058=+0x58(+4008(%di)):x64[3] c000=+0x0(+4000(%di)):x64[3] c058=+0x58(+4000(%di)):x64[17] c4c8=+0x4c8(+4000(%di)):x64[2] c570=+0x570(+4000(%di)):x64[2] c5f8=+0x5f8(+4000(%di)):x64'
probe 'p:differ/vmrun kvm_amd:__nested_copy_vmcb_control_to_cache vcpu=+36(%di):s32 va=%dx:x64 hsave=+4048(%di):x64 vmcr=+4056(%di):x64 efer=+332(%di):x64 cr0=+300(%di):x64 cr4=+316(%di):x64 regs=+100(%di):x64[4] g000=+0x0(%dx):x64[64] g200=+0x200(%dx):x64[64] g400=+0x400(%dx):x64[64] g600=+0x600(%dx):x64[20] h400=+0x400(+4008(%di)):x64[64] h600=+0x600(+4008(%di)):x64[15]'
probe 'p:differ/unmap kvm:kvm_vcpu_unmap vcpu=+36(%di):s32 gfn=+24(%si):x64 hva=+8(%si):x64 g000=+0x0(+8(%si)):x64[34] g400=+0x400(+8(%si)):x64[64] g600=+0x600(+8(%si)):x64[15]'
probe 'p:differ/vmexit kvm_amd:nested_svm_vmexit vcpu=+36(%di):s32 exc=+340(%di):x64[3] excvm=+364(%di):x64[3] vmcb12=+4064(%di):x64 efer=+332(%di):x64 c058=+0x58(+4000(%di)):x64[17] c400=+0x400(+4000(%di)):x64[8] c460=+0x460(+4000(%di)):x64[2] c480=+0x480(+4000(%di)):x64[2] c4c8=+0x4c8(+4000(%di)):x64[2] c548=+0x548(+4000(%di)):x64[7] c5d8=+0x5d8(+4000(%di)):x64 c5f8=+0x5f8(+4000(%di)):x64'
probe 'p:differ/efer kvm_amd:svm_set_efer vcpu=+36(%di):s32 old=+332(%di):x64 new=%si:x64'
probe 'p:differ/gif kvm_amd:svm_set_gif vcpu=+36(%di):s32 value=%si:x8'
probe 'p:differ/cpuid kvm_amd:svm_vcpu_after_set_cpuid vcpu=+36(%di):s32 n=+400(%di):s32 e0=+0x0(+404(%di)):x64[64] e1=+0x200(+404(%di)):x64[64] e2=+0x400(+404(%di)):x64[64] e3=+0x600(+404(%di)):x64[64] e4=+0x800(+404(%di)):x64[64]'
probe 'p:differ/cancel kvm_amd:svm_cancel_injection vcpu=+36(%di):s32'
probe 'p:differ/setnested kvm_amd:svm_set_nested_state vcpu=+36(%di):s32'
probe 'p:differ/leave kvm_amd:svm_leave_nested vcpu=+36(%di):s32'
probe 'r:differ/rdguest kvm:kvm_vcpu_read_guest vcpu=+36($arg1):s32 gpa=$arg2:x64 len=$arg4:u64 val=+0($arg3):x64 ret=$retval:s32'
mkdir $I || exit 2
echo 0 >$I/tracing_on; echo mono >$I/trace_clock; echo 16384 >$I/buffer_size_kb
for e in kvm differ; do [ -e $I/events/$e/enable ] && echo 1 >$I/events/$e/enable; done
P=$(sed -n 's/.*char data;.*offset:\([0-9]*\);.*size:\([0-9]*\);.*/\1 + \2/p' $T/events/header_page); P=$((P))
n=0
for c in $I/per_cpu/cpu*; do
  i=${c##*/cpu}; [ $i -ge $n ] && n=$((i + 1))
  follow $c >"$W/$i" & pids="$pids $!"
done
echo 1 >$I/tracing_on
waits=; ended=
if [ $# -gt 0 ]; then "$@" & waits=$!; [ -n "$secs" ] && { (sleep $secs; kill $waits) 2>/dev/null & }
else echo "recording; Ctrl-C ends it" >&2; sleep ${secs:-1000000} & waits=$!; fi
wait $waits
stop
le() { v=$1; k=$2; while [ $k -gt 0 ]; do printf "\\$(printf %03o $((v & 255)))"; v=$((v >> 8)); k=$((k - 1)); done; }
sized() { cat $1 >"$W/one"; le $(wc -c <"$W/one") 8; cat "$W/one"; }
formats() { set -- $1/*/format; le $# 4; for f; do sized $f; done; }
option() { le $1 2; cat >"$W/one"; le $(($(wc -c <"$W/one") + 1)) 4; cat "$W/one"; printf '\000'; }
groups=0; for e in kvm differ; do [ -d $T/events/$e ] && groups=$((groups + 1)); done
{
  printf '\027\010\104tracing6\000\000\010'; le $P 4
  printf 'header_page\000'; sized $T/events/header_page
  printf 'header_event\000'; sized $T/events/header_event
  formats $T/events/ftrace
  le $groups 4
  for e in kvm differ; do [ -d $T/events/$e ] && { printf "$e\\000"; formats $T/events/$e; }; done
  le 0 8; sized $T/saved_cmdlines; le $n 4
  printf 'options  \000'
  echo "Linux $(uname -n) $(uname -r) $(uname -m)" | option 5
  cat $I/trace_clock | option 4
  for c in $I/per_cpu/cpu*; do echo "CPU: ${c##*/cpu}"; cat $c/stats; done | option 2
  { uname -rv; sed '/^$/q' /proc/cpuinfo; grep . /sys/module/kvm/parameters/* /sys/module/kvm_amd/parameters/*; grep differ/ $T/kprobe_events; grep . $T/kprobe_profile; } 2>/dev/null | option 9
  le 0 2; printf 'flyrecord\000'
} >"$W/head"
up() { echo $((($1 + P - 1) / P * P)); }
h=$(wc -c <"$W/head"); first=$(up $((h + 16 * n))); at=$first; i=0
while [ $i -lt $n ]; do
  s=0; [ -e "$W/$i" ] && s=$(wc -c <"$W/$i")
  { le $at 8; le $s 8; } >>"$W/head"
  at=$(up $((at + s))); i=$((i + 1))
done
pad=$((first - h - 16 * n)); [ $pad -gt 0 ] && dd if=/dev/zero bs=$pad count=1 2>/dev/null >>"$W/head"
i=0; while [ $i -lt $n ]; do [ -e "$W/$i" ] && { cat "$W/$i" >>"$W/head"; rm "$W/$i"; }; i=$((i + 1)); done
mv "$W/head" "$out"
