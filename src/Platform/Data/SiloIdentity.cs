using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Flagstone.Platform.Data;

/// <summary>
/// By what the silos of one installation know each other: a P-256 key that each process derives from the sealing key, which all have alike.
/// There is no authority, no name and no expiry: a peer belongs to the installation if it holds this very key, and else it does not.
/// </summary>
public sealed class SiloIdentity : IDisposable
{
    private const int ScalarBytes = 32;

    /// <summary>16 bytes more than the scalar, so that its remainder is as good as uniform.</summary>
    private const int DerivedBytes = ScalarBytes + 16;

    /// <summary>How many points the curve's base generates.</summary>
    private static readonly BigInteger Order =
        BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static readonly DateTimeOffset NotBefore = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly byte[] publicKey;

    /// <param name="sealingKey">The installation's sealing key, which the derived one does not reveal.</param>
    public SiloIdentity(byte[] sealingKey)
    {
        using var key = Derive(sealingKey);
        var request = new CertificateRequest("CN=flagstone silo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        Certificate = request.CreateSelfSigned(NotBefore, NotAfter);
        publicKey = Certificate.PublicKey.ExportSubjectPublicKeyInfo();
    }

    /// <summary>This process's own, with its private key; made anew by each process, for the same key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Whether a peer's certificate is of this installation's key. That the peer holds the key is for TLS to prove.</summary>
    public bool IsOurs(X509Certificate2 peer) => CryptographicOperations.FixedTimeEquals(peer.PublicKey.ExportSubjectPublicKeyInfo(), publicKey);

    public void Dispose() => Certificate.Dispose();

    private static ECDsa Derive(byte[] sealingKey)
    {
        var derived = HKDF.DeriveKey(HashAlgorithmName.SHA256, sealingKey, DerivedBytes, info: "flagstone silo key v1"u8.ToArray());
        var scalar = (new BigInteger(derived, isUnsigned: true, isBigEndian: true) % (Order - 1)) + 1;
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        var d = new byte[ScalarBytes];
        bytes.CopyTo(d, ScalarBytes - bytes.Length);
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d });
    }
}
