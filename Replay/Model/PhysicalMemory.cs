using System.Buffers.Binary;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Memory of the modelled machine, by system physical address; what was never written reads as 0.</summary>
internal sealed class PhysicalMemory
{
    private const int PageSize = 4096;

    private readonly Dictionary<ulong, byte[]> _pages = [];

    /// <summary>What the manual leaves open, here and in the registers; what is written is defined.</summary>
    public Undefined Undefined { get; } = new();

    /// <summary>The addresses of the pages that something was written to, in no order.</summary>
    public IEnumerable<ulong> Pages => _pages.Keys.Select(static number => number * PageSize);

    /// <summary>Reads up to eight bytes, least significant first.</summary>
    public ulong Read(ulong address, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        Read(address, bytes[..size]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Reads bytes.</summary>
    public void Read(ulong address, Span<byte> into)
    {
        for (int done = 0; done < into.Length;)
        {
            ulong at = unchecked(address + (ulong)done);
            Span<byte> part = into.Slice(done, Math.Min(PageSize - (int)(at % PageSize), into.Length - done));
            if (_pages.TryGetValue(at / PageSize, out byte[]? page))
            {
                page.AsSpan((int)(at % PageSize), part.Length).CopyTo(part);
            }
            else
            {
                part.Clear();
            }

            done += part.Length;
        }
    }

    /// <summary>Writes up to eight bytes, least significant first.</summary>
    public void Write(ulong address, ulong value, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Write(address, bytes[..size]);
    }

    /// <summary>Writes bytes.</summary>
    public void Write(ulong address, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            ulong at = unchecked(address + (ulong)i);
            if (!_pages.TryGetValue(at / PageSize, out byte[]? page))
            {
                page = new byte[PageSize];
                _pages.Add(at / PageSize, page);
            }

            page[at % PageSize] = bytes[i];
            Undefined.SetIn(at, 0, 1);
        }
    }
}

/// <summary>A VMCB in memory (APM2 appendix B).</summary>
/// <param name="memory">The memory.</param>
/// <param name="address">Where it is; a page.</param>
internal readonly struct Vmcb(PhysicalMemory memory, ulong address)
{
    /// <summary>Physical address.</summary>
    public ulong Address => address;

    /// <summary>A field.</summary>
    public ulong this[VmcbField field]
    {
        get => memory.Read(address + (ulong)VmcbLayout.Of(field).Position, VmcbLayout.Of(field).Size);
        set => memory.Write(address + (ulong)VmcbLayout.Of(field).Position, value, VmcbLayout.Of(field).Size);
    }

    /// <summary>Whether a bit of a field is set.</summary>
    public bool Bit(VmcbField field, int bit) => ((this[field] >> bit) & 1) != 0;

    /// <summary>Whether an intercept is set.</summary>
    public bool Intercepts(SvmExitCode code) => code.HasIntercept && Bit((VmcbField)(code.Value / 32), (int)(code.Value % 32));
}
