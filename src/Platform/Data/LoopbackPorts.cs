using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Flagstone.Platform.Data;

/// <summary>
/// Finds a free loopback port for a server that is started a moment later. The numbers lie below the range from which Linux takes the
/// ports of outgoing connections (32768 by default), so that no client gets hold of one between the finding and the listening.
/// </summary>
public static class LoopbackPorts
{
    private const int First = 20_000;
    private const int Last = 32_000;
    private const int Attempts = 1_000;
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
            var port = RandomNumberGenerator.GetInt32(First, Last);
            if (IsFree(port) && Given.TryAdd(port, true))
            {
                return port;
            }
        }

        throw new IOException($"No free loopback port between {First} and {Last} was found in {Attempts} tries.");
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
}
