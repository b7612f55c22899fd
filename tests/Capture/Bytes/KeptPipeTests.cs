using Differ.Capture.Bytes;

namespace Differ.Tests.Capture.Bytes;

public sealed class KeptPipeTests
{
    private static readonly byte[] All = [.. Enumerable.Range(0, 200_000).Select(i => unchecked((byte)(i * 31)))];

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void What_is_kept_is_read_again_and_then_the_rest(int start)
    {
        using KeptPipe pipe = Open(start, KeptPipe.MostKept);
        Assert.Equal(All[..70_000], Read(pipe, 70_000));
        pipe.Rewind();
        Assert.Equal(All, Read(pipe, int.MaxValue));
        Assert.True(pipe.HasEnded);
        Assert.False(pipe.IsFull);
        Assert.Equal(All, Content(pipe.Kept));
    }

    [Fact]
    public void Behind_the_limit_it_is_read_once()
    {
        using KeptPipe pipe = Open(1000, most: 50_000);
        pipe.StopsWhenFull = true;
        int kept = Read(pipe, int.MaxValue).Length;
        Assert.True(pipe.IsFull);
        Assert.False(pipe.HasEnded);
        Assert.Equal(pipe.Length, kept);
        pipe.Rewind();
        pipe.StopsWhenFull = false;
        Assert.Equal(All, Read(pipe, int.MaxValue));
        Assert.Throws<InvalidOperationException>(pipe.Rewind);
    }

    [Fact]
    public void A_pipe_that_has_ended_takes_no_file()
    {
        using var pipe = new KeptPipe(All, null, null);
        pipe.Fill();
        pipe.Rewind();
        Assert.Equal(All, Read(pipe, int.MaxValue));
        Assert.Equal(All, Content(pipe.Kept));
    }

    private static KeptPipe Open(int start, long most) => new(All.AsMemory(0, start), new MemoryStream(All[start..]), null, most);

    private static byte[] Read(KeptPipe pipe, int most)
    {
        var read = new List<byte>();
        byte[] piece = new byte[4096];
        for (int length = 1; length > 0 && read.Count < most; read.AddRange(piece.AsSpan(0, length)))
        {
            length = pipe.Read(piece.AsSpan(0, Math.Min(piece.Length, most - read.Count)));
        }

        return [.. read];
    }

    private static byte[] Content(ByteSource source)
    {
        byte[] content = new byte[source.Length];
        source.ReadExactly(0, content, "test");
        return content;
    }
}
