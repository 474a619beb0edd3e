using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Flagstone.Platform.Data;

/// <summary>
/// Finds a free loopback port for a server that is started a moment later. The numbers lie below the range from which Linux takes the
/// ports of outgoing connections (32768 by default), so that no client gets hold of one between the finding and the listening.
/// </summary>
/// <remarks>
/// Programs that start many servers beside each other are kept apart by <c>FLAGSTONE_LOOPBACK_PORTS</c>, the first and the last number, as
/// <c>20000-25999</c>; the programs that they start have it from them.
/// </remarks>
public static class LoopbackPorts
{
    private const string Variable = "FLAGSTONE_LOOPBACK_PORTS";
    private const int Attempts = 1_000;
    private static readonly (int First, int Last) Range = RangeOf(Environment.GetEnvironmentVariable(Variable));
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>
    /// A port on which nothing listens now, and that this process has not been given before; taken at random so that two programs
    /// that ask at once rarely get the same.
    /// </summary>
    /// <exception cref="IOException">A thousand tries found none.</exception>
    public static int Free()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(Range.First, Range.Last + 1);
            if (IsFree(port) && Given.TryAdd(port, true))
            {
                return port;
            }
        }

        throw new IOException($"No free loopback port between {Range.First} and {Range.Last} was found in {Attempts} tries.");
    }

    /// <summary>True when nothing holds the port on the loopback address.</summary>
    public static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The first and the last port of a range as text; from 20000 to 31999 where there is none, or what is no range.</summary>
    internal static (int First, int Last) RangeOf(string? text) =>
        text?.Split('-') is [var first, var last] && ushort.TryParse(first, CultureInfo.InvariantCulture, out var from)
            && ushort.TryParse(last, CultureInfo.InvariantCulture, out var to) && from > 0 && from <= to ? (from, to) : (20_000, 31_999);
}
