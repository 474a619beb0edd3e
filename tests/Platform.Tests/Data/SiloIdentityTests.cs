using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Flagstone.Platform.Data;

namespace Flagstone.Platform.Tests.Data;

public sealed class SiloIdentityTests
{
    [Fact]
    public void Processes_with_one_sealing_key_know_each_other_and_none_with_another_key()
    {
        using var here = new SiloIdentity(Key(1));
        using var there = new SiloIdentity(Key(1));
        using var stranger = new SiloIdentity(Key(2));

        Assert.True(here.IsOurs(there.Certificate));
        Assert.NotEqual(here.Certificate.RawData, there.Certificate.RawData);
        Assert.False(here.IsOurs(stranger.Certificate));
        Assert.False(stranger.IsOurs(here.Certificate));
    }

    /// <summary>Another key for the same sealing key would part processes of two releases: this one stays.</summary>
    [Fact]
    public void The_derived_key_is_the_same_in_every_release()
    {
        using var identity = new SiloIdentity(Key(1));

        Assert.Equal("71177a65d275ccc0fb2adfda8d9e6be9e94155a37b406f15d5878a7044a406a1", Convert.ToHexStringLower(SHA256.HashData(identity.Certificate.PublicKey.ExportSubjectPublicKeyInfo())));
    }

    [Fact]
    public void A_certificate_of_the_same_name_and_another_key_is_not_ours()
    {
        using var identity = new SiloIdentity(Key(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest(identity.Certificate.SubjectName, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(identity.Certificate.NotBefore, identity.Certificate.NotAfter);

        Assert.False(identity.IsOurs(made));
    }

    [Fact]
    public void The_certificate_does_not_hold_the_sealing_key()
    {
        using var identity = new SiloIdentity(Key(7));
        using var key = identity.Certificate.GetECDsaPrivateKey()!;

        Assert.True(identity.Certificate.RawData.AsSpan().IndexOf(Key(7)) < 0);
        Assert.NotEqual(Key(7), key.ExportParameters(true).D);
    }

    private static byte[] Key(byte filler) => [.. Enumerable.Repeat(filler, 32)];
}
