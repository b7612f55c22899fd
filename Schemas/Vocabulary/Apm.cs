namespace Differ.Schemas.Vocabulary;

/// <summary>The AMD64 Architecture Programmer's Manual, volume 2 (publication 24593), as rules cite it.</summary>
public static class Apm
{
    /// <summary>The one revision every citation in this repository refers to; section numbers move between revisions.</summary>
    public const string Revision = "24593 Rev. 3.44 (March 2026)";
}
