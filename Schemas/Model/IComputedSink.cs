using Differ.Schemas.Run;

namespace Differ.Schemas.Model;

/// <summary>Takes recorded exits, each with what the reference says of it.</summary>
public interface IComputedSink
{
    /// <summary>Takes one pair; neither part may be kept.</summary>
    void Take(in ExitRecord recorded, in ComputedExit computed);
}
