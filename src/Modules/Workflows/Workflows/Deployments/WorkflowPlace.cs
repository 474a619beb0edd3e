using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Flagstone.Workflows.Deployments;

/// <summary>
/// Where a workflow id stands among all: a number by which a ramp takes its part of them, the same each time. It is the 32-bit fingerprint of FarmHash, as with
/// Temporal's server, so that a workflow stays on its side of a ramp whichever server it runs on. Pure.
/// </summary>
internal static class WorkflowPlace
{
    private const uint C1 = 0xcc9e2d51;
    private const uint C2 = 0x1b873593;
    private const uint Add = 0xe6546b64;

    public static uint Of(string workflowId) => Of(Encoding.UTF8.GetBytes(workflowId));

    /// <summary>Whether a ramp of so many percent takes it.</summary>
    public static bool IsWithin(uint place, float percentage) => percentage > 0 && 100d * place / 4_294_967_296d <= percentage;

    public static uint Of(ReadOnlySpan<byte> text) => text.Length switch
    {
        <= 4 => Least(text),
        <= 12 => Short(text),
        <= 24 => Middle(text),
        _ => Long(text),
    };

    private static uint Least(ReadOnlySpan<byte> text)
    {
        uint b = 0;
        uint c = 9;
        foreach (var one in text)
        {
            b = (b * C1) + (uint)(sbyte)one;
            c ^= b;
        }

        return Finish(Mix(b, Mix((uint)text.Length, c)));
    }

    private static uint Short(ReadOnlySpan<byte> text)
    {
        var length = (uint)text.Length;
        var a = length + At(text, 0);
        var b = (length * 5) + At(text, text.Length - 4);
        var c = 9 + At(text, (text.Length >> 1) & 4);
        return Finish(Mix(c, Mix(b, Mix(a, length * 5))));
    }

    private static uint Middle(ReadOnlySpan<byte> text)
    {
        var length = text.Length;
        var (a, b, c) = (At(text, (length >> 1) - 4), At(text, 4), At(text, length - 8));
        var (d, e, f) = (At(text, length >> 1), At(text, 0), At(text, length - 4));
        var h = (d * C1) + (uint)length;
        a = BitOperations.RotateRight(a, 12) + f;
        h = Mix(c, h) + a;
        a = BitOperations.RotateRight(a, 3) + c;
        h = Mix(e, h) + a;
        a = BitOperations.RotateRight(a + f, 12) + d;
        h = Mix(b, h) + a;
        return Finish(h);
    }

    private static uint Long(ReadOnlySpan<byte> text)
    {
        var length = text.Length;
        var h = (uint)length;
        var g = C1 * (uint)length;
        var f = g;
        h = Step(Step(h ^ Scramble(At(text, length - 4))) ^ Scramble(At(text, length - 16)));
        g = Step(Step(g ^ Scramble(At(text, length - 8))) ^ Scramble(At(text, length - 12)));
        f = BitOperations.RotateRight(f + Scramble(At(text, length - 20)), 19) + 113;
        for (var at = 0; at < (length - 1) / 20 * 20; at += 20)
        {
            var (a, b, c) = (At(text, at), At(text, at + 4), At(text, at + 8));
            var (d, e) = (At(text, at + 12), At(text, at + 16));
            h = Mix(d, h + a) + e;
            g = Mix(c, g + b) + a;
            f = Mix(b + (e * C1), f + c) + d;
            f += g;
            g += f;
        }

        g = BitOperations.RotateRight(BitOperations.RotateRight(g, 11) * C1, 17) * C1;
        f = BitOperations.RotateRight(BitOperations.RotateRight(f, 11) * C1, 17) * C1;
        h = BitOperations.RotateRight(Step(h + g), 17) * C1;
        return BitOperations.RotateRight(Step(h + f), 17) * C1;
    }

    private static uint At(ReadOnlySpan<byte> text, int at) => BinaryPrimitives.ReadUInt32LittleEndian(text[at..]);

    private static uint Scramble(uint a) => BitOperations.RotateRight(a * C1, 17) * C2;

    private static uint Step(uint h) => (BitOperations.RotateRight(h, 19) * 5) + Add;

    private static uint Mix(uint a, uint h) => Step(h ^ Scramble(a));

    private static uint Finish(uint h)
    {
        h ^= h >> 16;
        h *= 0x85ebca6b;
        h ^= h >> 13;
        h *= 0xc2b2ae35;
        return h ^ (h >> 16);
    }
}
