namespace Differ.Diff.Writing;

/// <summary>How pages look that have no scripts.</summary>
internal static class PlainPage
{
    /// <summary>The style sheet: light or dark as the reader has it, and for paper.</summary>
    public const string Style = """
        :root { color-scheme: light dark; --muted: #667; --line: #8884; --bad: #b3261e; --good: #1b6e3c; --warn: #8a5a00; --processor: #6a3fa0; }
        @media (prefers-color-scheme: dark) { :root { --muted: #99a; --bad: #ff8a80; --good: #7ddc9b; --warn: #ffc266; --processor: #cdb4ff; } }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 0 auto; padding: 1rem 1.4rem 4rem; }
        h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-top: 1px solid var(--line); padding-top: 1rem; } h3 { font-size: 1rem; margin-bottom: .3rem; }
        table { border-collapse: collapse; width: 100%; } th.rule { width: 38%; } th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        pre, code { font: 13px/1.45 ui-monospace, monospace; } pre { overflow-x: auto; margin: .2rem 0 .8rem; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 4px; }
        .diverges, .new, .behaviour { color: var(--bad); } .conforms, .fixed { color: var(--good); } .inconclusive, .likely { color: var(--warn); }
        .processor { color: var(--processor); border: 2px dashed currentColor; border-radius: 4px; padding: 0 .35em; white-space: nowrap; } .kvm { font-weight: 600; }
        .muted { color: var(--muted); } .mark { font-weight: 700; } dt { font-weight: 600; } dd { margin: 0 0 .4rem 1.2rem; }
        """;
}
