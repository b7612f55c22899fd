using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Writes a run file: recorded exits, or what the reference says of them. The same run gives the same bytes.</summary>
public sealed class RunWriter : IExitSink, IComputedSink, IDisposable
{
    private const int BodyGoal = 1 << 16;

    private readonly BlockWriter _blocks;
    private readonly ExitWriter _exits;
    private readonly MemoryStream _body = new();
    private readonly CodedOutputStream _output;
    private readonly BlockKind _kind;

    /// <summary>Starts a run file.</summary>
    /// <param name="stream">Where it goes; not closed.</param>
    /// <param name="header">What is known before the first exit.</param>
    /// <param name="texts">Texts that the records refer to.</param>
    public RunWriter(Stream stream, RunHeader header, TextTable texts)
    {
        _blocks = new BlockWriter(stream, RunFile.Magic);
        _exits = new ExitWriter(texts);
        _output = new CodedOutputStream(_body, leaveOpen: true);
        _kind = header.Origin == RunOrigin.Recorded ? BlockKind.Exits : BlockKind.ComputedExits;
        _blocks.Write((uint)BlockKind.Header, HeaderCodec.Encode(header));
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        _exits.Write(_output, record);
        Flush(BodyGoal);
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord recorded, in ComputedExit computed)
    {
        if (computed.Expectations.Length > 0)
        {
            ComputedWriter.Write(_output, recorded, computed);
            Flush(BodyGoal);
        }
    }

    /// <summary>Ends the run file.</summary>
    public void Finish(RunSummary summary)
    {
        Flush(1);
        _blocks.Write((uint)BlockKind.Summary, HeaderCodec.Encode(summary));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Dispose();
        _body.Dispose();
    }

    private void Flush(int atLeast)
    {
        if (_output.Position < atLeast)
        {
            return;
        }

        _output.Flush();
        _blocks.Write((uint)_kind, _body.GetBuffer().AsSpan(0, (int)_body.Length));
        _body.SetLength(0);
    }
}
