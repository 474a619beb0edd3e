using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Flagstone.Platform;

namespace Flagstone.Host;

/// <summary>The authority whose client certificates open Temporal's port to workers. It is the only one: the machine's own authorities do not count.</summary>
internal sealed class WorkerAuthority
{
    /// <summary>RFC 5280, section 4.2.1.12: a certificate that may be shown by a client.</summary>
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection authorities;

    private WorkerAuthority(X509Certificate2Collection authorities) => this.authorities = authorities;

    /// <summary>Null where the settings name none: then no certificate is asked for.</summary>
    /// <exception cref="ValidationException">The settings cannot be used.</exception>
    public static WorkerAuthority? Read(PlatformOptions options)
    {
        if (options.TemporalClientCaFile.Length == 0)
        {
            return null;
        }

        if (!options.TemporalTls && IPAddress.IsLoopback(IPAddress.Parse(options.Address)))
        {
            throw new ValidationException(
                "Flagstone:TemporalClientCaFile is set, and Temporal's port is in the clear, where no client shows a certificate. Set Flagstone:TemporalTls=true too.");
        }

        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(options.TemporalClientCaFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ValidationException($"Flagstone:TemporalClientCaFile is '{options.TemporalClientCaFile}', which cannot be read: {e.Message}", e);
        }

        return found.Count > 0 ? new WorkerAuthority(found)
            : throw new ValidationException(
                $"Flagstone:TemporalClientCaFile is '{options.TemporalClientCaFile}', which has no certificate. Give the authority's, as PEM.");
    }

    /// <summary>Whether a certificate is good now. Lists of revoked ones are not looked at: let certificates of workers be short-lived.</summary>
    public bool Accepts(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate);
    }
}
