using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Schemas.Vocabulary;

/// <summary>The exceptions, against the manual's tables 8-1 and 8-3 written down as text.</summary>
public sealed class ExceptionVectorTests
{
    [Fact]
    public void The_exceptions_are_those_of_the_manuals_table() => Assert.Equal(
        "0 #DE, 1 #DB, 3 #BP, 4 #OF, 5 #BR, 6 #UD, 7 #NM, 8 #DF error, 10 #TS error, 11 #NP error, 12 #SS error, 13 #GP error, 14 #PF error, " +
        "16 #MF, 17 #AC error, 18 #MC, 19 #XF, 21 #CP error, 28 #HV, 29 #VC error, 30 #SX error",
        string.Join(", ", ExceptionVector.All.Where(static row => row.Name is not null)
            .Select(static row => ExceptionVector.PushesErrorCode(row.Vector) ? $"{row.Vector} {row.Name} error" : $"{row.Vector} {row.Name}")));

    [Fact]
    public void Each_vector_stands_at_its_number() => Assert.Equal(Enumerable.Range(0, 32), ExceptionVector.All.Select(static row => (int)row.Vector));

    // Contributory are #DE, #TS, #NP, #SS, #GP, and #CP, #VC, #SX; #PF is a class of its own.
    [Fact]
    public void Two_contributory_exceptions_or_one_behind_a_page_fault_make_a_double_fault()
    {
        byte[] contributory = [0, 10, 11, 12, 13, 21, 29, 30];
        for (byte first = 0; first < 34; first++)
        {
            for (byte second = 0; second < 34; second++)
            {
                bool expected = (contributory.Contains(first) && contributory.Contains(second))
                    || (first == ExceptionVector.PF && (second == ExceptionVector.PF || contributory.Contains(second)));
                Assert.Equal(expected, ExceptionVector.MakesDoubleFault(first, second));
            }
        }
    }
}
