namespace Differ.Tests.Support;

/// <summary>A file damaged in many ways, always the same ones.</summary>
internal static class Mutations
{
    private const int Seed = 20_240_229;

    /// <summary>Every truncation of a small file; of a large one its first and last bytes and a sample.</summary>
    public static IEnumerable<byte[]> Truncations(byte[] file, int most = 4096)
    {
        var random = new Random(Seed);
        IEnumerable<int> lengths = file.Length <= most
            ? Enumerable.Range(0, file.Length)
            : Enumerable.Range(0, most / 4).Concat(Enumerable.Range(file.Length - (most / 4), most / 4)).Concat(Enumerable.Range(0, most / 2).Select(_ => random.Next(file.Length)));
        return lengths.Select(length => file[..length]);
    }

    /// <summary>The file with one to four bytes changed, now and then to a number that hurts.</summary>
    public static IEnumerable<byte[]> Flips(byte[] file, int count)
    {
        var random = new Random(Seed);
        byte[] hurting = [0, 1, 0x7f, 0x80, 0xff];
        for (int i = 0; i < count; i++)
        {
            byte[] flipped = [.. file];
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                int at = random.Next(file.Length);
                flipped[at] = random.Next(2) == 0 ? (byte)(flipped[at] ^ (1 << random.Next(8))) : hurting[random.Next(hurting.Length)];
            }

            yield return flipped;
        }
    }

    /// <summary>The file with a piece doubled, left out or overwritten by another.</summary>
    public static IEnumerable<byte[]> Moves(byte[] file, int count)
    {
        var random = new Random(Seed);
        for (int i = 0; i < count; i++)
        {
            int from = random.Next(file.Length), length = random.Next(Math.Min(64, file.Length - from)), to = random.Next(file.Length - length);
            byte[] piece = file[from..(from + length)];
            yield return random.Next(3) switch
            {
                0 => [.. file[..to], .. piece, .. file[to..]],
                1 => [.. file[..from], .. file[(from + length)..]],
                _ => [.. file[..to], .. piece, .. file[(to + length)..]],
            };
        }
    }

    /// <summary>All of them.</summary>
    public static IEnumerable<byte[]> All(byte[] file, int count) => Truncations(file).Concat(Flips(file, count)).Concat(Moves(file, count));
}
