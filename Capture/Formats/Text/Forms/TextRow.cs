namespace Differ.Capture.Formats.Text.Forms;

/// <summary>One way in which a tracepoint is printed: a row of <c>Forms/</c>.</summary>
/// <remarks>
/// <code>
///   vcpu {vcpu_id:d} reason {exit_reason:exit} rip {guest_rip:x}[immediate exit]
///        `- field:how              everything else stands in the text as it stands here
///
///   {f:d}  decimal, hexadecimal behind 0x      {f:=a|b}  0 for a, 1 for b; =a|b@11 shifted left by 11
///   {f:x}  hexadecimal, 0x or not              {f:? x}   1 where " x" follows, else 0
///   {f:i}  decimal, may be negative            {f:text}  everything up to what follows
///   {f:neg} decimal, negated                   {f:bytes} "0f 22 c1"; {f:array} "0f, 22, c1, 66"
///   {f:code} an exit code: decimal, of which -1 may be printed as such
///   {f:words3} "{0x1,0x2,0x3}", eight bytes each
///   {f:name of a table}  see TextWords         {:skip}   anything, also nothing; {:x} a number nobody needs
///   &lt;&lt;...&gt;&gt;  may be missing: the row stands for both, with layouts of their own
/// </code>
/// A field that occurs twice is put together from its parts. A field the text lacks is not in the layout, so it is absent, not zero.
/// What is read goes into a record of the form's own layout, eight bytes a field; from there on text is treated as a recording is.
/// </remarks>
/// <param name="Pattern">The text.</param>
/// <param name="Constants">Fields that this text implies, as in <c>"isa=2 has_error=1"</c>.</param>
/// <param name="Lacks">Fields of the tracepoint that this text drops; empty where it carries what the kernel recorded.</param>
/// <param name="Era">Kernels for which the text has this meaning.</param>
internal sealed record TextRow(string Pattern, string Constants = "", string Lacks = "", TextEra Era = TextEra.Any);
