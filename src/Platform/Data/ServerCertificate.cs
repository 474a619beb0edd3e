using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Flagstone.Platform.Data;

/// <summary>
/// The TLS identity of an embedded start: an authority of its own and a server certificate for the names by which this machine is reached,
/// both in <c>DIR/keys</c>. The kubeconfig trusts the authority.
/// </summary>
public static class ServerCertificate
{
    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan ServerLife = TimeSpan.FromDays(397);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>The server's certificate with its key, made or renewed when needed, and the authority's certificate as PEM.</summary>
    public static (X509Certificate2 Server, string Authority) Open(DataFolder folder, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var (authorityFile, serverFile) = (folder.In("keys", "ca.pem"), folder.In("keys", "server.pem"));
        if (!File.Exists(authorityFile))
        {
            using var made = Authority(now);
            Save(authorityFile, made);
        }

        using var authority = X509Certificate2.CreateFromPemFile(authorityFile, authorityFile);
        if (File.Exists(serverFile))
        {
            var server = X509Certificate2.CreateFromPemFile(serverFile, serverFile);
            if (server.NotAfter.ToUniversalTime() > (now + RenewBefore).UtcDateTime)
            {
                return (server, authority.ExportCertificatePem());
            }

            server.Dispose();
        }

        using (var made = Server(authority, now))
        {
            Save(serverFile, made);
        }

        return (X509Certificate2.CreateFromPemFile(serverFile, serverFile), authority.ExportCertificatePem());
    }

    private static X509Certificate2 Authority(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Flagstone local authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request.CreateSelfSigned(now.AddDays(-1), now + AuthorityLife);
    }

    private static X509Certificate2 Server(X509Certificate2 authority, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=flagstone", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddDnsName(Dns.GetHostName());
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.Create(authority, now.AddDays(-1), now + ServerLife, RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }

    private static void Save(string file, X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        DataFolder.WritePrivate(file, Encoding.ASCII.GetBytes($"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n"));
    }
}
