namespace Differ.Replay.Manual.Tables;

/// <summary>The virtual interrupt control of the VMCB, offset 060h (APM2 appendix B, 15.21).</summary>
/// <param name="Raw">The field.</param>
internal readonly record struct IntCtlBits(ulong Raw)
{
    /// <summary>Bit numbers.</summary>
    public const int VIrqBit = 8, VGifBit = 9, VNmiPendingBit = 11, VNmiMaskBit = 12, IgnoreTprBit = 20,
        VIntrMaskingBit = 24, VGifEnableBit = 25, VNmiEnableBit = 26, X2AvicEnableBit = 30, AvicEnableBit = 31;

    /// <summary>V_TPR, bits 7:0.</summary>
    public byte VTpr => unchecked((byte)Raw);

    /// <summary>V_IRQ.</summary>
    public bool VIrq => Bit(VIrqBit);

    /// <summary>V_GIF.</summary>
    public bool VGif => Bit(VGifBit);

    /// <summary>V_NMI_PENDING.</summary>
    public bool VNmiPending => Bit(VNmiPendingBit);

    /// <summary>V_NMI_MASK.</summary>
    public bool VNmiMask => Bit(VNmiMaskBit);

    /// <summary>V_INTR_PRIO, bits 19:16.</summary>
    public int Priority => (int)((Raw >> 16) & 0xf);

    /// <summary>V_IGN_TPR.</summary>
    public bool IgnoresTpr => Bit(IgnoreTprBit);

    /// <summary>V_INTR_MASKING.</summary>
    public bool VIntrMasking => Bit(VIntrMaskingBit);

    /// <summary>V_GIF_ENABLE.</summary>
    public bool VGifEnabled => Bit(VGifEnableBit);

    /// <summary>V_NMI_ENABLE.</summary>
    public bool VNmiEnabled => Bit(VNmiEnableBit);

    /// <summary>AVIC is on.</summary>
    public bool Avic => Bit(AvicEnableBit);

    /// <summary>x2AVIC is on.</summary>
    public bool X2Avic => Bit(X2AvicEnableBit);

    /// <summary>
    /// The largest index of AVIC's physical table that VMRUN takes (APM2 15.29.4.3). With x2AVIC_EXT, CPUID Fn8000_000A_ECX[6], x2AVIC takes larger ones.
    /// </summary>
    public ulong MostPhysicalIndex => X2Avic ? 511UL : 255UL;

    /// <summary>V_INTR_VECTOR, bits 39:32.</summary>
    public byte Vector => unchecked((byte)(Raw >> 32));

    /// <summary>The same with a bit set or cleared.</summary>
    public IntCtlBits With(int bit, bool value) => new((Raw & ~(1UL << bit)) | (value ? 1UL << bit : 0));

    /// <summary>The same with another V_TPR.</summary>
    public IntCtlBits WithTpr(ulong value) => new((Raw & ~0xffUL) | (value & 0xf));

    private bool Bit(int bit) => ((Raw >> bit) & 1) != 0;
}
