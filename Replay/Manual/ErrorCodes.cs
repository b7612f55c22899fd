using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>A form that the error code of some exceptions may have.</summary>
/// <param name="Vectors">Bit n stands for vector n.</param>
/// <param name="Zero">Bits that are zero.</param>
/// <param name="One">Bits that are set.</param>
/// <param name="Section">Where the manual says so.</param>
internal sealed record ErrorCodeForm(uint Vectors, uint Zero, uint One, string Section);

/// <summary>Error codes that exceptions may push (APM2 8.4). A vector may have several forms; of one without a form anything is allowed.</summary>
internal static class ErrorCodes
{
    private const uint Low32 = uint.MaxValue;

    // Figure 8-2: EXT, IDT, TI and the selector's index; the upper half is reserved.
    private const uint SelectorZero = 0xffff_0000;

    // Figure 8-3: bits 30:7 are reserved, bit 31 (RMP) is of SEV-SNP.
    private const uint PageZero = 0x7fff_ff80, Write = 1 << 1, Fetch = 1 << 4, ShadowStack = 1 << 6;

    // Figure 8-4: the kind of control-flow violation.
    private const uint ControlFlowZero = 0xffff_fff8;

    private static readonly uint DF = Of(ExceptionVector.DF), Selectors = Of(10, 11, 12, ExceptionVector.GP), PF = Of(ExceptionVector.PF),
        AC = Of(ExceptionVector.AC), CP = Of(21), SX = Of(ExceptionVector.SX);

    // Exceptions of protected mode. The others occur in real mode too, where no error code exists and the field means nothing.
    private static readonly uint ProtectedOnly = PF | CP | SX;

    /// <summary>The forms, by vector.</summary>
    public static IReadOnlyList<ErrorCodeForm> All { get; } =
    [
        new(DF, Low32, 0, "8.2.9"),
        new(Selectors, SelectorZero, 0, "8.4.1"),

        // A fetch neither writes nor is it an access to a shadow stack.
        new(PF, PageZero | Fetch, 0, "8.4.2"),
        new(PF, PageZero | Write | ShadowStack, Fetch, "8.4.2"),
        new(AC, Low32, 0, "8.2.18"),
        new(CP, ControlFlowZero, 0, "8.4.3"),
        new(SX, ~1U, 1, "15.28"),
    ];

    /// <summary>Whether an error code is of a form that exists, in protected mode.</summary>
    public static bool IsLegal(byte vector, ulong code)
    {
        bool any = false;
        foreach (ErrorCodeForm form in All)
        {
            if (((form.Vectors >> vector) & 1) != 0)
            {
                if ((code & form.Zero) == 0 && (code & form.One) == form.One)
                {
                    return true;
                }

                any = true;
            }
        }

        return !any;
    }

    /// <summary>Allows L1 to be shown whatever is no exception with an error code, and such exceptions with a code that exists.</summary>
    /// <param name="expecting">Takes the outcomes.</param>
    /// <param name="isProtected">Whether the guest is known to be in protected mode.</param>
    public static void AllowLegal(Expecting expecting, bool isProtected)
    {
        uint judged = isProtected ? DF | Selectors | AC | ProtectedOnly : ProtectedOnly;
        expecting.Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Exception.Value, ~0x1fUL))
            .Allow(IsOneOf(ComparedField.ReflectedCode, SvmExitCode.Exception.Value, ~judged));
        foreach (ErrorCodeForm form in All)
        {
            if ((form.Vectors & judged) != 0)
            {
                expecting.Allow(
                    IsOneOf(ComparedField.ReflectedCode, SvmExitCode.Exception.Value, form.Vectors & judged),
                    Is(ComparedField.ReflectedInfo1, form.One, form.Zero | form.One));
            }
        }
    }

    private static uint Of(params ReadOnlySpan<byte> vectors)
    {
        uint set = 0;
        foreach (byte vector in vectors)
        {
            set |= 1U << vector;
        }

        return set;
    }
}
