namespace Differ.Tests.Support;

/// <summary>A trace of two events, kvm_entry and kvm_fpu, as packing programs packed it.</summary>
internal static class PackedTexts
{
    /// <summary>By packing.</summary>
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>(StringComparer.Ordinal)
    {
        ["gzip"] = Convert.FromBase64String(
            "H4sIAAAAAAACA1NQAAPngFAFA33vMF9dc4iAQrSBgUGsQoqenqEemG+oZwAGVgrZZbnxqXklRZVWCmXJBaUKBjoKRZkFCgYVhkBpLgUSDTSEGJhWUGqlkJOf"
            + "mMIFAF/nQc2SAAAA"),
        ["xz"] = Convert.FromBase64String(
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ACRAFFdABBqDMoFbyktD+x5T9nmm9ozkzkjKcWwN1CCOTmNcieOIcxqaca7nP0GnP3uKYg4NC9S9yy9KoCRL37F"
            + "rvIMHf+i9dzKSGYpdzmukGq8pKsAAAAAAACKJ5kEKAhYmgABbZIBAAAATNtFZLHEZ/sCAAAAAARZWg=="),
        ["bzip2"] = Convert.FromBase64String(
            "QlpoOTFBWSZTWeQF2tIAAA/fgDgQQAfgkAgKQwqvL9dgIAB0EqhoAABpoANHqCUUAGgAAAAcIRQW9oQIR8Yd1HNxQkqx1lJIKMHEJEVBtQsUD6io+duLY60v"
            + "MBgsYMICo7Gpvcbnzzj5163xsKJ4KQrn/F3JFOFCQ5AXa0g="),
        ["lz4"] = Convert.FromBase64String(
            "BCJNGGRAp14AAAASIAEAskNQVSAwL0tWTS03EQDBIFswMDBdIGQuLjEuEgAxMS4wAQDxEToga3ZtX2VudHJ5OiB2Y3B1IDAsIHJpcCAweDEwMDAKLQAPUQAY"
            + "EjFRAKBmcHU6IGxvYWQKAAAAAK3wZvA="),
        ["zstd"] = Convert.FromBase64String(
            "KLUv/QRYxQIAkgQRGHBvDgiYbY4SItEuHPwojoZFCRmY9O+hBu011mQnIbRu/xe7YRQN3BI60y6LV/Uw1JTsrmtd1eflv+IhMJJCuJGDsAMHADAIKkAQMA/c"
            + "ADaBSRfAAtl4bMg="),
    };

    /// <summary>The same with a dictionary of 512 MiB.</summary>
    public static byte[] XzOfHalfAGigabyte { get; } = Convert.FromBase64String(
        "/Td6WFoAAATm1rRGAgAhASIAAACCQKzc4ACRAFFdABBqDMoFbyktD+x5T9nmm9ozkzkjKcWwN1CCOTmNcieOIcxqaca7nP0GnP3uKYg4NC9S9yy9KoCRL37F"
        + "rvIMHf+i9dzKSGYpdzmukGq8pKsAAAAAAACKJ5kEKAhYmgABbZIBAAAATNtFZLHEZ/sCAAAAAARZWg==");
}
