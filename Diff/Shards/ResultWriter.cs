using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Files;
using Google.Protobuf;
using Proto = Differ.Schemas.Results.Proto;

namespace Differ.Diff.Shards;

/// <summary>Writes a result file: one capture after the other, then the sets that they are of. The same results give the same bytes.</summary>
public sealed class ResultWriter : IDisposable
{
    private readonly BlockWriter _blocks;
    private readonly ResultCodec _codec;
    private readonly PageStream _page;
    private uint _captures;

    /// <summary>Starts a result file.</summary>
    /// <param name="file">Where it goes; not closed.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="judgement">By what the captures are judged.</param>
    public ResultWriter(Stream file, RuleSet rules, Judgement judgement)
    {
        _blocks = new BlockWriter(file, ResultFile.Magic);
        _codec = new ResultCodec(rules);
        _page = new PageStream(this);
        Write(ResultBlock.Judgement, judgement.Encode());
    }

    /// <summary>Takes the page of the capture that is written next.</summary>
    public Stream Page => _page;

    /// <summary>Writes a capture that was judged.</summary>
    public void Write(JudgedCapture capture, DiffResult result)
    {
        _page.End();
        Proto.Capture message = Encode(capture);
        message.Result = _codec.Encode(result);
        Write(ResultBlock.Capture, message.ToByteArray());
    }

    /// <summary>Writes a capture that cannot be used.</summary>
    public void Write(JudgedCapture capture, UnreadCapture unread)
    {
        _page.End();
        Proto.Capture message = Encode(capture);
        message.Unread = new Proto.Unread { Code = unread.Code, Message = unread.Message };
        Write(ResultBlock.Capture, message.ToByteArray());
    }

    /// <summary>Ends the file.</summary>
    public void Finish(IEnumerable<CaptureSource> sources) =>
        Write(ResultBlock.Sources, new Proto.Sources { Sources_ = { sources.Select(source => source.Encode()) }, Captures = _captures }.ToByteArray());

    /// <inheritdoc/>
    public void Dispose() => _page.Dispose();

    /// <summary>Writes a block as it is.</summary>
    internal void Write(ResultBlock kind, ReadOnlySpan<byte> body)
    {
        _captures += kind == ResultBlock.Capture ? 1u : 0;
        _blocks.Write((uint)kind, body);
    }

    private static Proto.Capture Encode(JudgedCapture capture) => new()
    {
        Content = capture.Content,
        Name = capture.Name,
        File = capture.File,
        Set = capture.Set,
        Place = (uint)capture.Place,
    };

    // Pieces of one length, however the page is written and flushed.
    private sealed class PageStream(ResultWriter writer) : ForwardStream
    {
        private const int Piece = 1 << 18;

        private readonly byte[] _piece = new byte[Piece];
        private int _filled;

        public override bool CanRead => false;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (buffer.Length > 0)
            {
                int taken = Math.Min(buffer.Length, Piece - _filled);
                buffer[..taken].CopyTo(_piece.AsSpan(_filled));
                buffer = buffer[taken..];
                _filled += taken;
                if (_filled == Piece)
                {
                    End();
                }
            }
        }

        public void End()
        {
            if (_filled > 0)
            {
                writer.Write(ResultBlock.Page, _piece.AsSpan(0, _filled));
                _filled = 0;
            }
        }
    }
}
