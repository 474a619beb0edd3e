using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Flagstone.Provisioning.Providers.Simulated;

/// <summary>How a call goes wrong.</summary>
internal enum SimulatedFault
{
    None,

    /// <summary>It did what it was asked, and the answer is lost.</summary>
    LostReply,

    /// <summary>It did what it was asked, and answers that it failed.</summary>
    FailureAfterSuccess,

    /// <summary>It did nothing, and says so.</summary>
    Refused,

    /// <summary>It takes its time, and then does what it was asked.</summary>
    Slow,
}

/// <summary>A seeded schedule of faults: which call of which thing goes wrong is the same in each run with the same seed.</summary>
internal sealed class SimulatedFaults(SimulatedOptions options)
{
    private readonly ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);

    public SimulatedFault Next(string thing, string verb)
    {
        if (options.FaultPercent == 0)
        {
            return SimulatedFault.None;
        }

        var call = calls.AddOrUpdate($"{verb} {thing}", 1, (_, before) => before + 1);
        var dice = SHA256.HashData(Encoding.UTF8.GetBytes($"{options.FaultSeed} {verb} {thing} {call}"));
        return dice[0] % 100 >= options.FaultPercent ? SimulatedFault.None : (SimulatedFault)(1 + (dice[1] % 4));
    }
}
