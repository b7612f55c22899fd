using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Export;

/// <summary>A row for each vCPU stream.</summary>
internal sealed class VcpuTable : ExportTable
{
    private readonly RequiredColumn<int> _capture, _stream, _vm;
    private readonly OptionalColumn<long> _vcpu;
    private readonly OptionalColumn<int> _pid;
    private readonly TextColumn _name;
    private readonly RequiredColumn<long> _exits;
    private readonly RequiredColumn<double> _lost;

    public VcpuTable()
        : base("vcpus")
    {
        (_capture, _stream, _vm) = (Required<int>("capture"), Required<int>("stream"), Required<int>("vm"));
        (_vcpu, _pid, _name) = (Optional<long>("vcpu"), Optional<int>("pid"), Text("thread_name"));
        (_exits, _lost) = (Required<long>("exits"), Required<double>("lost_percent"));
    }

    /// <summary>The vCPUs of a capture.</summary>
    public void Add(int number, DiffResult result)
    {
        var lost = result.Losses.ToDictionary(loss => loss.Stream, loss => loss.Share);
        foreach (VcpuStream stream in result.Summary.Streams)
        {
            (_capture[Row], _stream[Row], _vm[Row]) = (number, stream.Id.Value, stream.Machine);
            (_vcpu[Row], _pid[Row], _name[Row]) = (stream.Vcpu?.Value, stream.Thread?.Value, stream.Name);
            (_exits[Row], _lost[Row]) = ((long)stream.Exits, 100 * lost.GetValueOrDefault(stream.Id));
            EndRow();
        }
    }
}
