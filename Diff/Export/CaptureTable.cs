using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Export;

/// <summary>A row for each capture; one that cannot be used has its name and the reason.</summary>
internal sealed class CaptureTable : ExportTable
{
    private readonly RequiredColumn<int> _capture;
    private readonly TextColumn _name, _file, _format, _kernel, _host, _clock, _clockUnit, _vendor, _verdict, _why, _grade, _error;
    private readonly OptionalColumn<long> _bytes, _events, _exits, _undecided, _diverges;

    public CaptureTable()
        : base("captures")
    {
        _capture = Required<int>("capture");
        (_name, _file, _format, _kernel, _host) = (Text("name"), Text("file"), Text("format"), Text("kernel"), Text("host"));
        (_clock, _clockUnit, _vendor) = (Text("clock"), Text("clock_unit"), Text("guest_vendor"));
        (_verdict, _why, _grade) = (Text("verdict"), Text("why"), Text("grade"));
        (_bytes, _events, _exits) = (Optional<long>("bytes"), Optional<long>("events"), Optional<long>("exits"));
        (_undecided, _diverges) = (Optional<long>("undecided"), Optional<long>("diverges"));
        _error = Text("error");
    }

    /// <summary>A capture that was checked.</summary>
    public void Add(int number, CheckedCapture capture)
    {
        DiffResult result = capture.Result;
        _capture[Row] = number;
        (_name[Row], _file[Row]) = (capture.Name, capture.File);
        (_format[Row], _kernel[Row], _host[Row], _clock[Row]) = (result.Header.Format, result.Header.KernelRelease, result.Header.HostName, result.Header.Clock);
        _clockUnit[Row] = result.Header.ClockUnit == ClockUnit.Nanoseconds ? "ns" : "ticks";
        _vendor[Row] = result.Summary.GuestVendor;
        (_verdict[Row], _why[Row], _grade[Row]) = (capture.Verdict.Word, capture.Verdict.Why, $"{CaptureQuality.Of(result).Grade}");
        (_bytes[Row], _events[Row], _exits[Row]) = ((long)result.Header.CaptureSize, (long)result.Summary.Events, (long)result.Summary.Exits);
        (_undecided[Row], _diverges[Row]) = ((long)result.CountOf(Verdict.Undecided), (long)result.CountOf(Verdict.Diverges));
        EndRow();
    }

    /// <summary>A capture that cannot be used.</summary>
    public void Add(int number, UnreadCapture capture)
    {
        _capture[Row] = number;
        (_name[Row], _file[Row], _error[Row]) = (capture.Name, capture.File, capture.Message);
        (_bytes[Row], _events[Row], _exits[Row], _undecided[Row], _diverges[Row]) = (null, null, null, null, null);
        EndRow();
    }
}
