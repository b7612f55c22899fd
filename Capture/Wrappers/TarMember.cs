namespace Differ.Capture.Wrappers;

/// <summary>A file in a tar archive.</summary>
/// <param name="Name">Its name as the archive gives it: shown, and never opened.</param>
/// <param name="Offset">Where its bytes start in the archive.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct TarMember(string Name, long Offset, long Length);
