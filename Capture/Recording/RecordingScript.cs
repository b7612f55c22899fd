using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Recording;

/// <summary>A script that records where no program may be installed: POSIX sh, which busybox runs. It writes what <see cref="TraceDatWriter"/> writes.</summary>
public static class RecordingScript
{
    /// <summary>The script.</summary>
    /// <param name="plan">The probes.</param>
    /// <param name="origin">Which kernel the offsets are of, for people.</param>
    public static string Of(ProbePlan plan, string origin) =>
        $$"""
        #!/bin/sh
        # Records KVM for differ check, as root: sh record.sh [-o trace.dat] [-t seconds] [-T tracefs] [command ...]; Ctrl-C ends it.
        # Offsets are of {{PlainText.Of(origin)}}: run it on that kernel only.
        {{string.Join('\n', plan.Missing.Select(line => $"# {PlainText.Of(line)}"))}}
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
          for p in {{string.Join(' ', plan.Probes.Select(probe => probe.Name))}}; do grep -q ":differ/$p " $T/kprobe_events 2>/dev/null && echo "-:differ/$p" >>$T/kprobe_events; done
          rm -rf "$W"
        }
        trap cleanup EXIT
        trap 'ended=1; kill $waits 2>/dev/null' HUP INT TERM
        probe() { echo "$1" 2>/dev/null >>$T/kprobe_events || echo "not set: $1" >&2; }
        {{string.Join('\n', plan.Probes.Select(probe => $"probe '{probe.Definition}'"))}}
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

        """;
}
