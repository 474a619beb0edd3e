using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// PostgreSQL's stored form of a password (RFC 5802, <c>SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY</c>). It is computed here, so that
/// a password reaches the server, its log and its statistics in no statement, and so that a changed one is found without a login.
/// </summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;
    private const int MaxIterations = 1_000_000;
    private const int SaltBytes = 16;
    private const string Scheme = "SCRAM-SHA-256";

    public static string Make(string password) => Make(password, RandomNumberGenerator.GetBytes(SaltBytes), Iterations);

    public static bool Matches(string password, string stored)
    {
        var parts = stored.Split('$');
        if (parts.Length != 3 || parts[0] != Scheme || parts[1].Split(':') is not [var count, var salt]
            || !int.TryParse(count, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > MaxIterations
            || !Convert.TryFromBase64String(salt, new byte[salt.Length], out _))
        {
            return false;
        }

        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Make(password, Convert.FromBase64String(salt), iterations)), Encoding.ASCII.GetBytes(stored));
    }

    private static string Make(string password, byte[] salt, int iterations)
    {
        // Our passwords are ASCII, which SASLprep leaves as it is.
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, 32);
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"{Scheme}${iterations.ToString(CultureInfo.InvariantCulture)}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(serverKey)}";
    }
}
