using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>MSRs that L1 and L2 share, or that change place with L2: what L1 last had in them, as far as it was seen.</summary>
internal sealed class SharedMsrs
{
    /// <summary>IA32_PAT (APM2 7.8.1).</summary>
    public const uint PatIndex = Manual.Tables.Pat.Index;

    /// <summary>DBGCTL (APM2 13.1.1.6).</summary>
    public const uint DebugCtlIndex = Manual.Tables.DebugCtl.Index;

    /// <summary>TSC_RATIO (APM2 15.30.5).</summary>
    public const uint TscRatioIndex = TscRatioMsr.Index;

    private const uint FirstMtrr = 0x200, LastMtrr = 0x2ff;

    private readonly Dictionary<uint, ulong> _mtrrs = [];

    /// <summary>PAT of L1.</summary>
    public Bits64 Pat { get; private set; }

    /// <summary>Whether L2 wrote a PAT of its own since <see cref="Pat"/> was seen.</summary>
    public bool PatWrittenByL2 { get; private set; }

    /// <summary>DBGCTL of L1.</summary>
    public Bits64 DebugCtl { get; private set; }

    /// <summary>Whether L2 ran since <see cref="DebugCtl"/> was seen.</summary>
    public bool L2Ran { get; private set; }

    /// <summary>Whether every such run swapped DBGCTL and the LBR MSRs.</summary>
    public Truth Swapped { get; private set; } = Truth.Yes;

    /// <summary>Whether a rule may have something to say of an access. A hypervisor reads DBGCTL at every VMRUN and finds it as it was.</summary>
    public bool IsNews(in MsrAccess access) => access.Index switch
    {
        DebugCtlIndex => access.Write || !DebugCtl.Equal(access.Value, ulong.MaxValue).IsYes,
        PatIndex or TscRatioIndex => true,
        _ => IsMtrr(access.Index),
    };

    /// <summary>The value of an MTRR.</summary>
    public Bits64 Mtrr(uint index) => _mtrrs.TryGetValue(index, out ulong value) ? Bits64.Of(value) : Bits64.Hidden;

    /// <summary>Takes an access that raised no exception.</summary>
    /// <param name="access">The access.</param>
    /// <param name="byL2">Whether L2 did it.</param>
    /// <param name="nestedPaging">Whether L2 runs under nested paging, which gives it a PAT of its own.</param>
    public void Learn(in MsrAccess access, bool byL2, Truth nestedPaging)
    {
        if (IsMtrr(access.Index))
        {
            _mtrrs[access.Index] = access.Value;
        }
        else if (access.Index == PatIndex)
        {
            LearnPat(access.Value, access.Write, byL2, nestedPaging);
        }
        else if (access.Index == DebugCtlIndex && !byL2 && IsNews(access))
        {
            DebugCtl = Bits64.Of(access.Value);
            L2Ran = false;
            Swapped = Truth.Yes;
        }
    }

    /// <summary>L2 was run.</summary>
    /// <param name="swaps">Whether vmcb12 asked for LBR virtualization.</param>
    public void Ran(Truth swaps)
    {
        L2Ran = true;
        Swapped &= swaps;
    }

    /// <summary>Forgets everything.</summary>
    public void Forget()
    {
        Pat = default;
        DebugCtl = default;
        _mtrrs.Clear();
    }

    private void LearnPat(ulong value, bool write, bool byL2, Truth nestedPaging)
    {
        if (!byL2 || (write && nestedPaging.IsNo))
        {
            Pat = Bits64.Of(value);
            PatWrittenByL2 = false;
        }
        else if (write)
        {
            Pat = nestedPaging.IsYes ? Pat : Bits64.Hidden;
            PatWrittenByL2 = nestedPaging.IsYes;
        }
    }

    // Variable and fixed ranges and the default type (APM2 7.7.2).
    private static bool IsMtrr(uint index) =>
        index is (>= FirstMtrr and <= 0x20f) or 0x250 or 0x258 or 0x259 or (>= 0x268 and <= 0x26f) or LastMtrr;
}
