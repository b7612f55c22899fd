using Differ.Schemas.Run;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Writes states of VMCBs and registers as messages <c>StateBytes</c> of run.proto, and reads them.</summary>
internal static class StatesCodec
{
    /// <summary>Number of the field in the message <c>Exit</c>.</summary>
    public const int Field = 20;

    private const int MomentField = 1, PositionField = 2, BytesField = 3;

    /// <summary>Bytes that all states take.</summary>
    public static int SizeOf(MachineStates states)
    {
        int size = 0;
        foreach (StateMoment moment in MachineStates.Moments)
        {
            for (int from = 0; states[moment].Next(from, out int start, out ReadOnlySpan<byte> bytes); from = start + bytes.Length)
            {
                int length = SizeOf(moment, start, bytes.Length);
                size += CodedOutputStream.ComputeTagSize(Field) + CodedOutputStream.ComputeLengthSize(length) + length;
            }
        }

        return size;
    }

    /// <summary>Writes all states.</summary>
    public static void Write(CodedOutputStream output, MachineStates states)
    {
        foreach (StateMoment moment in MachineStates.Moments)
        {
            for (int from = 0; states[moment].Next(from, out int start, out ReadOnlySpan<byte> bytes); from = start + bytes.Length)
            {
                output.WriteTag(Field, WireFormat.WireType.LengthDelimited);
                output.WriteLength(SizeOf(moment, start, bytes.Length));
                output.WriteTag(MomentField, WireFormat.WireType.Varint);
                output.WriteUInt32((uint)moment);
                output.WriteTag(PositionField, WireFormat.WireType.Varint);
                output.WriteUInt32((uint)start);
                output.WriteTag(BytesField, WireFormat.WireType.LengthDelimited);
                output.WriteLength(bytes.Length);
                ExitWriter.Raw(output, bytes);
            }
        }
    }

    /// <summary>Reads one message.</summary>
    /// <returns>False where it is of a moment or a place that no version has.</returns>
    /// <exception cref="InvalidProtocolBufferException">It is no such message.</exception>
    public static bool Read(ByteString message, MachineStates states)
    {
        Proto.StateBytes read = Proto.StateBytes.Parser.ParseFrom(message);
        if (!MachineStates.IsMoment(read.Moment) || read.Position >= StateValue.Positions)
        {
            return false;
        }

        states[(StateMoment)read.Moment].Write((int)read.Position, read.Bytes.Span);
        return true;
    }

    private static int SizeOf(StateMoment moment, int start, int length) =>
        CodedOutputStream.ComputeTagSize(MomentField) + CodedOutputStream.ComputeUInt32Size((uint)moment)
        + CodedOutputStream.ComputeTagSize(PositionField) + CodedOutputStream.ComputeUInt32Size((uint)start)
        + CodedOutputStream.ComputeTagSize(BytesField) + CodedOutputStream.ComputeLengthSize(length) + length;
}
