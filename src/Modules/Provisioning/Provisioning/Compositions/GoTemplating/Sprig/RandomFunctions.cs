using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>
/// What is random in sprig. A composition is rendered at every reconcile, so that a value that differs each time never comes to rest.
/// Choices are made from the composite's uid and stay. Secrets are refused: made from the uid, anyone who can read the composite could
/// make them too.
/// </summary>
internal static class RandomFunctions
{
    private static readonly string[] Secrets =
    [
        "randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes", "uuidv4", "genPrivateKey", "derivePassword", "buildCustomCert", "genCA", "genCAWithKey",
        "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "encryptAES", "decryptAES", "bcrypt", "htpasswd",
    ];

    public static FunctionTable Table { get; } = Create();

    /// <summary>A number below a limit: the same one each time for this seed and this place in the order of choices.</summary>
    public static int Choose(Call call, int below)
    {
        var (execution, hash) = (call.Execution, new byte[SHA256.HashSizeInBytes]);
        SHA256.HashData(Encoding.UTF8.GetBytes($"{execution.Seed}/{execution.Choices++}"), hash);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % (ulong)below);
    }

    private static FunctionTable Create()
    {
        var table = new FunctionTable
        {
            { "randInt", "int int", c => (long)(c.Integer(0) + Choose(c, Math.Max(1, c.Integer(1) - c.Integer(0)))) },
            { "shuffle", "string", Shuffle },
        };
        foreach (var name in Secrets)
        {
            table.Add(name, "any...", _ => throw new CallFailure(
                $"{name} is not offered: the composition is rendered at every reconcile, and its output must not change. Let the provider or a Secret make the value"));
        }

        return table;
    }

    private static string Shuffle(Call call)
    {
        var text = call.Text(0).ToCharArray();
        call.Budget.Spend(text.Length * 8L);
        for (var i = text.Length - 1; i > 0; i--)
        {
            var j = Choose(call, i + 1);
            (text[i], text[j]) = (text[j], text[i]);
        }

        return new string(text);
    }
}
