using System.Security.Cryptography;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Passwords that need no quoting anywhere, of letters that nobody mistakes.</summary>
internal static class Passwords
{
    private const int Length = 32;
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

    public static string Make() => RandomNumberGenerator.GetString(Alphabet, Length);
}
