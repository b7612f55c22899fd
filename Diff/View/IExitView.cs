namespace Differ.Diff.View;

/// <summary>One way to show exits.</summary>
public interface IExitView
{
    /// <summary>Shows what goes before the first exit.</summary>
    void Begin();

    /// <summary>Shows one exit.</summary>
    void Write(ViewedExit one);
}
