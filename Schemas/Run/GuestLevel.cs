namespace Differ.Schemas.Run;

/// <summary>Which guest a vCPU was running.</summary>
public enum GuestLevel : byte
{
    /// <summary>The recording does not tell.</summary>
    Unknown,

    /// <summary>The guest of the recorded host.</summary>
    L1,

    /// <summary>The guest of that guest.</summary>
    L2,
}
