using System.Security.Cryptography;
using System.Text;

namespace Differ.Diff.Results;

/// <summary>Names a class of divergences by what does not depend on the machine: rule, level, exit, instruction, and which fields differ how.</summary>
public static class Fingerprint
{
    private const int Digits = 12;

    /// <summary>Whether a text has the form of one.</summary>
    public static bool Is(string text) => text.Length == Digits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>12 hexadecimal digits.</summary>
    public static string Of(string description) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(description)))[..Digits];
}
